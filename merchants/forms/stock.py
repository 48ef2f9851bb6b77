"""Changes of stock, booked by hand."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.models import Product, Store, Variant
from merchants.rules.stock import Reason

BY_HAND = {
    Reason.RECEIVED.value: _("Received"),
    Reason.COUNTER_SALE.value: _("Sold at the counter"),
    Reason.RETURNED.value: _("Returned"),
    Reason.WRITTEN_OFF.value: _("Written off"),
}


class VariantField(forms.ModelChoiceField):
    """A variant by its own name; the product is known."""

    def label_from_instance(self, obj: Any) -> str:
        return obj.name or obj.sku


class StockForm(forms.Form):
    """Pieces of one product that came or went, and why."""

    variant = VariantField(Variant.objects.none(), label=_("Specification"), empty_label=None)
    store = forms.ModelChoiceField(Store.objects.none(), label=_("Store"), empty_label=None)
    reason = forms.ChoiceField(label=_("Why"), choices=BY_HAND.items)
    quantity = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=1_000_000,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            _("Write a whole number from 1 to 1,000,000."),
        ),
    )

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("variant", product.variants), ("store", product.merchant.stores)):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = rows.all()

    def delta(self) -> int:
        """Signed: what was sold or written off is taken away."""
        leaves = self.cleaned_data["reason"] in {Reason.COUNTER_SALE, Reason.WRITTEN_OFF}
        return -self.cleaned_data["quantity"] if leaves else self.cleaned_data["quantity"]
