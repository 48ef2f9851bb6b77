"""Whole numbers as people type them."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    (0, 100_000): _("Write a whole number from 0 to 100,000."),
    (0, 1_000_000): _("Write a whole number from 0 to 1,000,000."),
    (1, 1_000_000): _("Write a whole number from 1 to 1,000,000."),
}


class WholeField(forms.IntegerField):
    """A number of pieces. Full-width digits are digits, a thousands comma is forgiven.

    Drawn as a line of text: of what is no number, a field of `type=number` sends nothing at all, so
    that it is lost, and where it may be empty nobody is told.
    """

    widget = forms.TextInput(attrs={"class": "num", "inputmode": "numeric", "autocomplete": "off"})

    def __init__(self, *, least: int = 1, most: int = 1_000_000, **kwargs: Any) -> None:
        codes = ("required", "invalid", "min_value", "max_value")
        wrong = dict.fromkeys(codes, SENTENCES[least, most])
        super().__init__(
            min_value=least, max_value=most, error_messages=wrong, localize=False, **kwargs
        )

    def to_python(self, value: Any) -> int | None:
        text = unicodedata.normalize("NFKC", str("" if value is None else value))
        return super().to_python(text.replace(",", "").strip())
