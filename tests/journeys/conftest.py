"""What every journey needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from merchants.models import User

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps a loop in this thread; the ORM is still called from none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def account(settings) -> Callable[[User], User]:
    """Give somebody a password that the server's own hasher can check."""

    def account(user: User) -> User:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        user.set_password(PASSWORD)
        user.save()
        return user

    return account
