"""How django-allauth fits into Guitai."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from merchants.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name typed at sign-up; a person without a password signs in by code."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.name = form.cleaned_data.get("name", "")
        user.language = getattr(request, "LANGUAGE_CODE", "")
        if commit:
            user.save()
        return user
