"""Goods as a form names them: the same field once for every line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from merchants.models import Variant
from merchants.rules.stock import MOST_AT_ONCE
from orders.rules.cart import MOST_GOODS

NOT_HERE = _("This is not on sale here.")


class LinesField(forms.Field):
    """A field that comes as often as there are lines: a list, in the order of the form."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[Any]:
        values = value if isinstance(value, list | tuple) else [value]
        return [one for one in values if one not in self.empty_values]


class VariantsField(LinesField):
    """Different variants of those that may be chosen; one query for all of them."""

    variants: QuerySet[Variant]
    found: Mapping[int, Variant] = MappingProxyType({})  # who has been looked up already

    def clean(self, value: Any) -> list[Variant]:
        typed = super().clean(value)
        number = forms.IntegerField(error_messages={"invalid": NOT_HERE})
        keys = [number.clean(one) for one in typed]
        if not len(keys) == len(set(keys)) <= MOST_GOODS:
            raise forms.ValidationError(NOT_HERE)
        found = self.found
        if not set(keys) <= set(found):
            found = self.variants.in_bulk([key for key in keys if 0 < key < 2**63])
        if len(found) != len(keys):
            raise forms.ValidationError(NOT_HERE)
        return [found[key] for key in keys]


class QuantitiesField(LinesField):
    """How many of each."""

    def clean(self, value: Any) -> list[int]:
        number = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE)
        return [number.clean(one) for one in super().clean(value)]
