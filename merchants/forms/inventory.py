"""Many goods changed at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.models.product import STATE_LABELS
from merchants.rules.money import parse, unit
from merchants.rules.product import ProductState
from merchants.rules.repricing import Repricing, Way
from merchants.services.inventory import GoodsChange

PERCENT, AMOUNT, FIXED = Way.PERCENT.value, Way.AMOUNT.value, Way.FIXED.value
WAYS = [
    ("", _("Leave the prices")),
    ("cheaper_percent", _("Cheaper by percent")),
    ("dearer_percent", _("Dearer by percent")),
    ("cheaper_amount", _("Cheaper by an amount")),
    ("dearer_amount", _("Dearer by an amount")),
    (FIXED, _("All at one price")),
]


class GoodsForm(forms.Form):
    """What shall be different about the chosen goods."""

    every_part_counts = True  # “optional” beside each would say nothing

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Leave as it is")), *STATE_LABELS.items()]
    )
    move = forms.ChoiceField(
        label=_("Category"),
        required=False,
        choices=[("", _("Leave as it is")), ("into", _("Into this one")), ("out", _("Into none"))],
    )
    category = LineField(
        label=_("Name of the category"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    way = forms.ChoiceField(label=_("Price"), required=False, choices=WAYS)
    value = forms.CharField(
        label=_("By how much"),
        max_length=16,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=_("Percent or an amount, such as 10."),
    )
    keep_was = forms.BooleanField(
        label=_("Show the old price beside a lower one"), required=False, initial=True
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("move") == "into" and not data.get("category"):
            self.add_error("category", _("Write the name of the category."))
        data["repricing"] = self._repricing(data.get("way", ""), data.get("value", ""))
        return data

    def _repricing(self, way: str, typed: str) -> Repricing | None:
        if not way:
            return None
        percent = way.endswith(PERCENT)
        number = parse(typed.rstrip("%％ ")) if percent else parse(typed, self.currency)
        if not number:
            self.add_error("value", _("Write a number above 0, such as 10."))
            return None
        sign = -1 if way.startswith("cheaper") else 1
        if percent and (trouble := _percent_trouble(number, sign)):
            self.add_error("value", trouble)
            return None
        kind = FIXED if way == FIXED else PERCENT if percent else AMOUNT
        return Repricing(
            Way(kind),
            sign * number // 100 if percent else sign * number,
            self.cleaned_data.get("keep_was", False),
            unit(self.currency),
        )

    def change(self) -> GoodsChange:
        """The cleaned data in the shape that `change_goods` takes."""
        data = self.cleaned_data
        category = {"into": data["category"], "out": ""}.get(data["move"])
        state = ProductState(data["state"]) if data["state"] else None
        return GoodsChange(state, category, data["repricing"])


def _percent_trouble(hundredths: int, sign: int) -> str:
    """What is wrong with a number of percents, or ""."""
    if hundredths % 100:
        return _g("Write whole percents, such as 10.")
    if hundredths // 100 > (99 if sign < 0 else 1000):
        return _g("That is more than the price itself.")
    return ""
