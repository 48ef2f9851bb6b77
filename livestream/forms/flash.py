"""What a person asks of a flash sale."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from livestream.models import Room, ShelfItem
from livestream.rules.flash import RUNS, WARM_UP
from livestream.selectors.room import on_shelf
from merchants.forms.money import MoneyField
from merchants.models import Variant


class FlashForm(forms.Form):
    """Of what, for how much, how many, for how long."""

    variant = forms.ModelChoiceField(
        Variant.objects.none(), label=_("Flash sale of"), empty_label=None
    )
    price = MoneyField(label=_("Flash price"))
    quota = forms.IntegerField(label=_("Pieces put aside"), min_value=1, initial=20)
    per_buyer = forms.IntegerField(label=_("At most for each buyer"), min_value=1, initial=1)
    warm_up = forms.IntegerField(
        label=_("Warm-up, in seconds"), min_value=WARM_UP[0], max_value=WARM_UP[1], initial=30
    )
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=RUNS[0], max_value=RUNS[1], initial=5
    )

    pay_first = forms.BooleanField(
        label=_("First to pay gets it"),
        required=False,
        help_text=_("Ordering holds nothing. Who pays too late has the money back by itself."),
    )

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.room = room
        field = cast(forms.ModelChoiceField, self.fields["variant"])
        products = on_shelf(room).values("product")
        field.queryset = Variant.objects.filter(product__in=products).select_related("product")
        cast(MoneyField, self.fields["price"]).speak(room.merchant.currency)

    def sale(self) -> dict[str, Any]:
        """The cleaned data in the shape that `announce_flash` takes."""
        product = self.cleaned_data["variant"].product_id
        item = ShelfItem.objects.select_related("room").get(room=self.room, product=product)
        return {**self.cleaned_data, "item": item}
