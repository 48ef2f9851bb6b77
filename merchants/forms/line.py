"""A field for one line of text: names, codes, addresses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from merchants.rules.line import is_plain


class LineField(forms.CharField):
    """Text of one line. What nobody can see is refused, for it would hide in lists and labels."""

    default_error_messages = {
        "plain": _("There is an invisible character in this text. Type it again by hand."),
    }

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text and not is_plain(text):
            raise ValidationError(self.error_messages["plain"], code="plain")
        return text
