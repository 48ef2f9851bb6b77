"""A field for an amount: yuan as typed, minor units as kept."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from merchants.rules.money import parse, plain


class MoneyField(forms.CharField):
    """`138`, `138.50`, `¥1,380`, full-width digits too; cleans to an int of minor units or None."""

    default_error_messages = {
        "amount": _("Write an amount such as 138 or 138.50."),
        "positive": _("The amount must be more than zero."),
    }

    def __init__(self, *, currency: str = "CNY", allow_zero: bool = False, **kwargs: Any) -> None:
        self.allow_zero = allow_zero
        kwargs.setdefault("max_length", 16)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(**kwargs)
        self.speak(currency)

    def speak(self, currency: str) -> None:
        """Take amounts of this currency: its sign before the field, its minor units in the row."""
        self.currency = currency
        self.widget.attrs["data-prefix"] = get_currency_symbol(currency, locale="zh_CN")

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        amount = parse(text, self.currency)
        if amount is None:
            raise ValidationError(self.error_messages["amount"], code="amount")
        if amount == 0 and not self.allow_zero:
            raise ValidationError(self.error_messages["positive"], code="positive")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return plain(value, self.currency).removesuffix(".00") if isinstance(value, int) else value


def speak(form: forms.BaseForm, currency: str) -> None:
    """Have every amount of a form taken in the currency of its shop."""
    for field in form.fields.values():
        if isinstance(field, MoneyField):
            field.speak(currency)
