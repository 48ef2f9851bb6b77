"""What a shopper presses at her cart."""

from __future__ import annotations

from typing import Any

from django import forms

from merchants.models import Merchant, Product, Variant
from merchants.rules.stock import MOST_AT_ONCE
from orders.forms.goods import NOT_HERE


class CartForm(forms.Form):
    @property
    def trouble(self) -> str:
        """The first thing that is wrong, as a sentence."""
        return next(str(errors[0]) for errors in self.errors.values())


class AddForm(CartForm):
    """So many of a variant that is on sale here."""

    variant = forms.ModelChoiceField(
        Variant.objects.none(), error_messages={"invalid_choice": NOT_HERE}
    )
    quantity = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        assert isinstance(field, forms.ModelChoiceField)
        on_sale = Product.objects.on_sale().filter(merchant=merchant)
        field.queryset = merchant.variants.filter(product__in=on_sale).select_related("product")


class ChangeForm(CartForm):
    """So many of what lies in it; 0 takes it out."""

    variant = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = forms.IntegerField(min_value=0, max_value=MOST_AT_ONCE)
