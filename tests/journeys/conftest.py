"""What every journey needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from livestream.models import Room
from merchants.models import User
from tests.journeys.browser import chromium, desk, phone
from tests.journeys.crew import at_console, signed
from tests.servers import Server, session_of

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


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["desk", "phone"])
def clerk(request, browser: Browser, server: Server, live: Room, as_bob) -> Page:
    """Bob at the console of the show on air: once at a desk, once on a phone."""
    context = (desk if request.param == "desk" else phone)(browser, server.url)
    return at_console(signed(context, server, session_of(as_bob)), live)
