"""What a shopper writes to buy: who, where, how many."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Product, Store, Variant
from merchants.rules.search import key_of
from orders.forms.goods import QuantitiesField, VariantsField
from orders.forms.place import PLACE, REQUIRED, PlaceForm
from orders.models import Order
from orders.services.order import Contact

DELIVERY, PICKUP = "delivery", "pickup"
NO_STORE = _("No shop has all of it for collection now. Have it sent instead.")
WAYS = {DELIVERY: _("By parcel"), PICKUP: _("Collect at the shop")}


class ChoiceForm(forms.Form):
    """Which variants, and how many of each: both fields come as often as there are lines."""

    variant = VariantsField(label=_("Specification"))
    quantity = QuantitiesField(label=_("Quantity"))
    cart = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        assert isinstance(field, VariantsField)
        field.variants = merchant.variants.filter(
            product__in=Product.objects.on_sale().filter(merchant=merchant)
        ).select_related("product")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        wanted, counts = data.get("variant"), data.get("quantity")
        if wanted and counts and len(wanted) != len(counts):
            self.add_error("quantity", _("Say how many of each."))
        return data

    def basket(self) -> dict[int, int]:
        """The cleaned choice in the shape that `place_order` takes."""
        pairs = zip(self.cleaned_data["variant"], self.cleaned_data["quantity"], strict=True)
        return {variant.pk: quantity for variant, quantity in pairs}


class CouponWish:
    """Which coupons a checkout form wants used.

    `seen` are those of the sum that she saw, `key` what she chose (None: nothing, so the best is
    taken), each as `Quote.key` says it.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.vouchers = {key_of(data.get(name, "")) for name in ("voucher", "extra")} - {0}
        self.seen = f"{data.get('voucher', '')}-{data.get('extra', '')}"
        wanted = data.get("coupons")
        self.key = wanted if wanted != self.seen or data.get("chosen") else None


class StoreField(forms.TypedChoiceField):
    """One of the stores that were just looked up: the form asks no more."""

    def offer(self, stores: Iterable[Store]) -> None:
        by_key = {str(one.pk): one for one in stores}
        self.coerce = by_key.get
        self.choices = [
            (key, f"{one.name} · {one.city} {one.address}".strip(" ·"))
            for key, one in by_key.items()
        ]


class CheckoutForm(ChoiceForm, PlaceForm):
    """Guest checkout: a name and a phone number are enough."""

    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("For the receipt; may be left empty.")
    )
    method = forms.ChoiceField(
        label=_("How it gets to you"),
        choices=WAYS.items,
        initial=DELIVERY,
        widget=forms.RadioSelect,
    )
    saved = forms.ChoiceField(label=_("Send it to"), required=False, widget=forms.RadioSelect)
    store = StoreField(
        label=_("Collect at"),
        required=False,
        empty_value=None,
        error_messages={
            "invalid_choice": _(
                "This shop does not have all of it. Choose another one, or have it sent."
            )
        },
    )
    note = forms.CharField(label=_("Note to the shop"), max_length=200, required=False)
    voucher = forms.IntegerField(required=False, widget=forms.HiddenInput)
    extra = forms.IntegerField(required=False, widget=forms.HiddenInput)
    expected_total = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(
        self,
        *args: Any,
        merchant: Merchant,
        stores: Callable[[], Iterable[Store]],
        regions: Iterable[str],
        book: Iterable[Order] = (),
        chosen: Iterable[Variant] = (),
        **kwargs: Any,
    ) -> None:
        """`stores` tells those that have all of it: only there it can be collected. `regions` are
        those to which the shop sends, `book` the orders whose addresses this device may use again.
        `chosen` are the variants as they were just found; the form does not look again."""
        super().__init__(*args, merchant=merchant, **kwargs)
        self.merchant, self.able = merchant, stores
        self.wish = CouponWish(self.data)
        variants = self.fields["variant"]
        assert isinstance(variants, VariantsField)
        variants.found = {one.pk: one for one in chosen}
        self._entries = book
        self.offer(regions)
        saved = self.fields["saved"]
        assert isinstance(saved, forms.ChoiceField)
        saved.choices = self._saved
        # What is not asked for is not required: a parcel needs an address, collection a store.
        wanted = self.data if self.is_bound else self.initial
        pickup = wanted.get("method") == PICKUP
        key = wanted.get("saved", "")
        self.chosen = self.book.get(key) if key and not pickup else None
        if pickup or self.chosen is not None:
            for name in REQUIRED:
                self.fields[name].required = False
        if pickup:
            self.stores  # noqa: B018 — they are what may be chosen

    @cached_property
    def book(self) -> dict[str, Order]:
        """The addresses that she may choose; asked for when one is, or when the form is shown."""
        return {entry.address_key: entry for entry in self._entries}

    def _saved(self) -> list[tuple[str, Any]]:
        known = [(key, f"{one.name} · {one.whole_address}") for key, one in self.book.items()]
        return [*known, ("", _("Another address"))]

    @cached_property
    def stores(self) -> list[Store]:
        """Where it can be collected; asked for when collecting is, or when the form is shown."""
        found = list(self.able())
        field = self.fields["store"]
        assert isinstance(field, StoreField)
        field.offer(found)
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.chosen is not None:  # what stands in the fields below it was not sent anywhere
            for part in ("name", "phone", *PLACE):
                self.errors.pop(part, None)
                data[part] = getattr(self.chosen, part)
        elif data.get("method") == PICKUP:
            self._check_store(data)
        else:
            self.check_place(data)
        if data.get("method") != PICKUP:  # a browser sends the store that it does not show
            self.errors.pop("store", None)
            data["store"] = None
        return data

    def _check_store(self, data: dict[str, Any]) -> None:
        if not self.stores:
            self.add_error(None, NO_STORE)
        elif not data.get("store") and "store" not in self.errors:
            self.add_error("store", _("Choose where you collect it."))

    def contact(self) -> Contact:
        """The cleaned data in the shape that `place_order` takes."""
        data = self.cleaned_data
        pickup = data["method"] == PICKUP
        return Contact(
            name=data["name"],
            phone=str(data["phone"]),
            email=data["email"],
            **({} if pickup else {part: data[part] for part in PLACE}),
            store=data["store"] if pickup else None,
            note=data["note"],
        )
