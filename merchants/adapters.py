"""How django-allauth fits into Guitai."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from merchants.errors import RuleBroken
from merchants.forms.sign_up import PENDING
from merchants.models import User
from merchants.services.merchant import open_merchant


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name typed at sign-up, and opens the shop once the address is hers."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.name = form.cleaned_data.get("name", "")
        user.language = getattr(request, "LANGUAGE_CODE", "")
        if commit:
            user.save()
        return user

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Signed in, so the code that went to the address has come back."""
        open_pending(request, cast(User, user))
        return super().post_login(request, user, **kwargs)


def open_pending(request: HttpRequest, user: User) -> None:
    """Open the shop that this person named when she signed up, if it is not open yet."""
    shop = dict(request.session.get(PENDING) or {})
    if shop.pop("user", None) != user.pk or user.places.exists():
        return
    try:
        open_merchant(owner=user, **shop)
    except RuleBroken:  # she finds what she typed in the form for a first shop
        return
    del request.session[PENDING]
