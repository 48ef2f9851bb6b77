"""Changes of stock, booked by hand."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.forms.whole import WholeField
from merchants.models import Product, Store, Variant
from merchants.rules.stock import Reason

BY_HAND = {
    Reason.RECEIVED.value: _("Received"),
    Reason.COUNTER_SALE.value: _("Sold at the counter"),
    Reason.RETURNED.value: _("Returned"),
    Reason.WRITTEN_OFF.value: _("Written off"),
    Reason.TRANSFERRED.value: _("Moved to another store"),
}
LEAVES = {Reason.COUNTER_SALE, Reason.WRITTEN_OFF, Reason.TRANSFERRED}


class VariantField(forms.ModelChoiceField):
    """A variant by its own name; the product is known."""

    def label_from_instance(self, obj: Any) -> str:
        return obj.name or obj.sku


class StockForm(forms.Form):
    """Pieces of one product that came or went in one of `stores`, and why."""

    variant = VariantField(Variant.objects.none(), label=_("Specification"), empty_label=None)
    store = forms.ModelChoiceField(Store.objects.none(), label=_("Store"), empty_label=None)
    reason = forms.ChoiceField(label=_("Why"), choices=BY_HAND.items)
    quantity = WholeField(label=_("How many"))
    target = forms.ModelChoiceField(
        Store.objects.none(), label=_("To which store"), required=False, empty_label="–"
    )
    note = LineField(
        label=_("Note"),
        max_length=80,
        required=False,
        help_text=_("A delivery number, what was broken, who took it."),
    )

    def __init__(
        self, *args: Any, product: Product, stores: QuerySet[Store] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        hers = product.merchant.stores.all() if stores is None else stores
        for name, found in (("variant", product.variants), ("store", hers), ("target", hers)):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = found.all()
        if len(hers) < 2:  # nowhere to move them to
            cast(forms.ChoiceField, self.fields["reason"]).choices = [
                (reason, word) for reason, word in BY_HAND.items() if reason != Reason.TRANSFERRED
            ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        reason = data.get("reason")
        if reason == Reason.WRITTEN_OFF and not data.get("note", "").strip():
            self.add_error("note", _("Say why: broken, out of date, given away."))
        if reason == Reason.TRANSFERRED and "target" in data:
            if data["target"] is None:
                self.add_error("target", _("Choose the store that gets them."))
            elif data["target"] == data.get("store"):
                self.add_error("target", _("Choose another store: it lies there already."))
        return data

    def delta(self) -> int:
        """Signed: what was sold, moved or written off is taken away."""
        leaves = self.cleaned_data["reason"] in LEAVES
        return -self.cleaned_data["quantity"] if leaves else self.cleaned_data["quantity"]


class LeftForm(forms.Form):
    """How many are left in a row of the goods list, and what the row had said."""

    store = forms.ModelChoiceField(Store.objects.none())
    seen = forms.IntegerField(widget=forms.HiddenInput)
    left = WholeField(least=0, label=_("Stock"))

    def __init__(self, *args: Any, stores: QuerySet[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["store"]).queryset = stores.all()


class TransferForm(forms.Form):
    """From which of her stores to which."""

    source = forms.ModelChoiceField(Store.objects.none(), label=_("From"), empty_label=None)
    target = forms.ModelChoiceField(Store.objects.none(), label=_("To"), empty_label=None)

    def __init__(self, *args: Any, stores: QuerySet[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hers = list(stores)
        for name in ("source", "target"):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = stores.all()
        self.hers = {str(one.pk): one for one in hers}
        first = dict(zip(("source", "target"), self.hers, strict=False))
        self.initial = first | {
            name: chosen for name, chosen in self.initial.items() if chosen in self.hers
        }

    def source_of(self) -> Store | None:
        """The store chosen by now, right or wrong as the rest may be."""
        return self.hers.get(str(self["source"].value()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("source") and data.get("source") == data.get("target"):
            self.add_error("target", _("Choose another store: it lies there already."))
        return data
