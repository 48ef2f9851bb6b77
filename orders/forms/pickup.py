"""What a clerk scans or types when somebody comes to collect."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class PickupForm(forms.Form):
    code = forms.CharField(label=_("Pick-up code"), max_length=60)
    whose = forms.CharField(
        label=_("Whose is it"),
        max_length=30,
        required=False,
        help_text=_(
            "For a typed code: the last four digits of the phone number, or the first eight "
            "letters of the order number."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
