"""Signing in: one form for both ways. Without a password a code goes out."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, RequestLoginCodeForm
from django.utils.translation import gettext_lazy as _

from merchants.forms.contact import ContactField, by_kind
from merchants.services.code import texts_codes


class SignInForm(LoginForm):
    """allauth's form with an optional password: left empty, it answers with a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = ContactField(codes=False)  # a password needs no gateway
        password = self.fields["password"]
        password.required = False
        password.help_text = _("Leave it empty and we send you a code.")
        password.widget.attrs.pop("placeholder", None)

    def _setup_password_field(self) -> None:
        """allauth drops the password because sign-up asks for none; here it stays."""

    def user_credentials(self) -> dict[str, str]:
        password = self.cleaned_data.get("password")
        credentials = by_kind(self.cleaned_data["login"])
        return credentials | {"password": password} if password else credentials

    def _clean_without_password(self, email: str | None, phone: str | None) -> Any:
        if phone and not texts_codes():
            self.add_error("password", _("We cannot send text messages. Sign in with a password."))
            return self.cleaned_data
        return super()._clean_without_password(email, phone)


class CodeForm(RequestLoginCodeForm):
    """Where the code shall go: allauth's two fields in one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"], self.fields["phone"]
        self.fields["contact"] = ContactField()

    def clean_contact(self) -> str:
        """allauth looks up who that is, and counts how often she asks."""
        contact: str = self.cleaned_data["contact"]
        self.cleaned_data |= by_kind(contact)
        self.clean_email() if "@" in contact else self.clean_phone()
        return contact
