"""What is wanted instead of the goods that come back: another of the same product, or it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.models import Variant
from orders.models import Line
from orders.rules.refund import carried
from orders.selectors.money import money_text


class WithImpossible(forms.Select):
    """A list that also shows what cannot be chosen, with the reason in its words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.impossible: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.impossible:
            option["attrs"]["disabled"] = True
        return option


def instead_field(line: Line, free: Mapping[int, int], currency: str) -> forms.ChoiceField:
    """The list of one line: what each other one would come to, dearer and sold out ones shut."""
    variants = list(line.variant.product.variants.all())
    words = {str(one.pk): _word(line, one, free.get(one.pk, 0), currency) for one in variants}
    field = forms.ChoiceField(
        label=_l("Instead of it"),
        choices=[("", "–"), *((pk, word) for pk, (word, _shut) in words.items())],
        required=False,
        widget=WithImpossible,
        error_messages={"invalid_choice": _l("Choose which one you want instead.")},
    )
    assert isinstance(field.widget, WithImpossible)
    field.widget.impossible = frozenset(pk for pk, (_word, shut) in words.items() if shut)
    return field


def _word(line: Line, other: Variant, free: int, currency: str) -> tuple[str, bool]:
    """How it stands in the list, and whether it cannot be had."""
    name = other.name or str(other)
    if other.pk == line.variant_id:
        name = _("%(goods)s, the same again") % {"goods": name}
    if other.price > line.variant.price:
        return _("%(goods)s (costs more)") % {"goods": name}, True
    if free <= 0:
        return _("%(goods)s (sold out)") % {"goods": name}, True
    each = line.paid // line.quantity
    left = each - carried(each, line.variant.price, other.price)
    if left:
        amount = money_text(left, currency)
        return _("%(goods)s (%(amount)s back)") % {"goods": name, "amount": amount}, False
    return name, False
