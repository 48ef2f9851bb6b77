"""What a shop asks for its parcels, and what a device remembers of its purchases."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from orders.models import Order, ShippingRegion
from orders.rules.shipping import Promise, Rate, promise_of, rate_to, served

MOST_SHOWN = 5
MOST_REMEMBERED = 100  # orders of a device
REMEMBERED = timedelta(days=730)


@dataclass(frozen=True)
class Parcels:
    """What a shop asks for its parcels. `own` is {region: its rate; None: nothing is sent}."""

    country: str
    usual: Rate
    own: Mapping[str, Rate | None]

    def rate(self, region: str) -> Rate | None:
        """The rate of a parcel to this region; None: the shop does not send there."""
        return rate_to(region, country=self.country, usual=self.usual, own=self.own)

    @property
    def regions(self) -> list[str]:
        """To which it sends."""
        return served(country=self.country, own=self.own)


def parcels_of(merchant: Merchant) -> Parcels:
    """One query."""
    rows = ShippingRegion.objects.filter(merchant=merchant).order_by("pk")
    own = {
        region: None if fee is None else Rate(fee, free_from)
        for region, fee, free_from in rows.values_list("region", "rule__fee", "rule__free_from")
    }
    usual = Rate(merchant.shipping_fee, merchant.free_shipping_from)
    return Parcels(merchant.country, usual, own)


def promise_to(merchant: Merchant, device: UUID | None) -> Promise:
    """What the shop can promise of a parcel to where this device last had one sent, or to anywhere.

    Her book is looked into only where regions differ: one query, or two.
    """
    parcels = parcels_of(merchant)
    book = addresses_of(bought_on(device)) if device and parcels.own else []
    region = book[0].region if book else ""
    return promise_of(country=parcels.country, usual=parcels.usual, own=parcels.own, region=region)


def bought_on(device: UUID) -> list[Order]:
    """What this device ordered, the latest first: who she is and where it went. One query."""
    orders = Order.objects.filter(device=device, placed_at__gt=timezone.now() - REMEMBERED)
    return list(
        orders.only(
            "number", "name", "phone", "email", "store", "remembered", *Order.PLACE
        ).order_by("-pk")[:MOST_REMEMBERED]
    )


def addresses_of(orders: list[Order], regions: Container[str] | None = None) -> list[Order]:
    """The address book in these orders: the latest that went to each person and place.

    `regions`, if given, are those it is to lie in.
    """
    book: dict[object, Order] = {}
    for order in orders:
        sent = order.remembered and order.store_id is None and order.address
        if sent and (regions is None or order.region in regions):
            book.setdefault(order.recipient, order)
    return list(book.values())
