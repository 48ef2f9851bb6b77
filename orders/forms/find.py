"""What a shopper types to find her orders on another device."""

from __future__ import annotations

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.forms.contact import MobileField


class NumberForm(forms.Form):
    phone = MobileField(help_text=_("The one that you wrote when you ordered."))


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """Full-width digits and spaces do not matter."""
        plain = unicodedata.normalize("NFKC", self.cleaned_data["code"])
        return "".join(plain.split())
