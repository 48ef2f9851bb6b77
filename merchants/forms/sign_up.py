"""Signing up: a name beside the address; the code that follows takes the place of a password."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignUpForm(forms.Form):
    """Added to allauth's sign-up form."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=15,
        help_text=_("Viewers see it in the live room."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: object, user: object) -> None:
        """allauth calls this; the account adapter has already kept the name."""
