"""What a shopper writes to buy: who, where, how many."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from merchants.models import Merchant, Product, Store, Variant
from merchants.rules.stock import MOST_AT_ONCE
from orders.services.order import Contact

DELIVERY, PICKUP = "delivery", "pickup"
NO_ADDRESS = _("Write the whole address, with street and number.")
NO_STORE = _("No shop has all of it for collection now. Have it sent instead.")
WAYS = {DELIVERY: _("By parcel"), PICKUP: _("Collect at the shop")}


class ChoiceForm(forms.Form):
    """Which variant of a product, and how many. Only what is on sale here fits."""

    variant = forms.ModelChoiceField(Variant.objects.none(), label=_("Specification"))
    quantity = forms.IntegerField(
        label=_("Quantity"), min_value=1, max_value=MOST_AT_ONCE, initial=1
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = merchant.variants.filter(
            product__in=Product.objects.on_sale().filter(merchant=merchant)
        ).select_related("product")
        field.error_messages["invalid_choice"] = _("This is not on sale here.")

    def basket(self) -> dict[int, int]:
        """The cleaned choice in the shape that `place_order` takes."""
        return {self.cleaned_data["variant"].pk: self.cleaned_data["quantity"]}


class StoreField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.city} {obj.address}".strip(" ·")


class CheckoutForm(ChoiceForm):
    """Guest checkout: a name and a phone number are enough."""

    name = forms.CharField(
        label=_("Recipient"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneNumberField(
        label=_("Mobile number"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"invalid": _("Write a mobile number such as 138 0013 8000.")},
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("For the receipt; may be left empty.")
    )
    method = forms.ChoiceField(
        label=_("How it gets to you"),
        choices=WAYS.items,
        initial=DELIVERY,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        error_messages={"required": NO_ADDRESS},
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    store = StoreField(
        Store.objects.none(),
        label=_("Collect at"),
        required=False,
        empty_label=None,
        error_messages={
            "invalid_choice": _(
                "This shop does not have all of it. Choose another one, or have it sent."
            )
        },
    )
    note = forms.CharField(label=_("Note to the shop"), max_length=200, required=False)
    voucher = forms.IntegerField(required=False, widget=forms.HiddenInput)
    expected_total = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(
        self, *args: Any, merchant: Merchant, stores: Iterable[Store], **kwargs: Any
    ) -> None:
        """`stores` are those that have all of it: only there it can be collected."""
        super().__init__(*args, merchant=merchant, **kwargs)
        self.stores = merchant.stores.filter(pk__in=[store.pk for store in stores])
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = self.stores
        self.fields["variant"].widget = forms.HiddenInput()
        # What is not asked for is not required: a parcel needs an address, collection a store.
        pickup = self.data.get("method", self.initial.get("method")) == PICKUP
        self.fields["address"].required = not pickup
        if not self.stores:
            self.fields["method"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("method") == PICKUP and not self.stores:
            self.add_error(None, NO_STORE)
        elif data.get("method") == PICKUP and not data.get("store") and "store" not in self.errors:
            self.add_error("store", _("Choose where you collect it."))
        if data.get("method") == DELIVERY and 0 < len(data.get("address") or "") < 5:
            self.add_error("address", NO_ADDRESS)
        return data

    def contact(self) -> Contact:
        """The cleaned data in the shape that `place_order` takes."""
        data = self.cleaned_data
        pickup = data["method"] == PICKUP
        return Contact(
            name=data["name"],
            phone=str(data["phone"]),
            email=data["email"],
            address="" if pickup else data["address"],
            store=data["store"] if pickup else None,
            note=data["note"],
        )
