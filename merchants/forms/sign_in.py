"""Signing in: one form for both ways. Without a password a code goes to the address."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    """allauth's form with an optional password: left empty, it answers with a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs.pop("placeholder", None)
        password = self.fields["password"]
        password.required = False
        password.help_text = _("Leave it empty and we send you a code.")
        password.widget.attrs.pop("placeholder", None)

    def _setup_password_field(self) -> None:
        """allauth drops the password because sign-up asks for none; here it stays."""
