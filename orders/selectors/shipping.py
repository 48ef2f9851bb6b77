"""What a shop asks for its parcels, and an address book."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from merchants.models import Merchant
from orders.models import Address, ShippingRegion
from orders.rules.shipping import Rate, rate_to, served

MOST_SHOWN = 5


def own_rates(merchant: Merchant) -> dict[str, Rate | None]:
    """{region: its rate; None where nothing is sent} of the regions with a rule. One query."""
    rows = ShippingRegion.objects.filter(merchant=merchant).order_by("pk")
    return {
        region: None if fee is None else Rate(fee, free_from)
        for region, fee, free_from in rows.values_list("region", "rule__fee", "rule__free_from")
    }


def rate_for(merchant: Merchant, region: str) -> Rate | None:
    """The rate of a parcel to this region; None: the shop does not send there."""
    usual = Rate(merchant.shipping_fee, merchant.free_shipping_from)
    return rate_to(region, country=merchant.country, usual=usual, own=own_rates(merchant))


def served_by(merchant: Merchant) -> list[str]:
    """The regions to which it sends."""
    return served(country=merchant.country, own=own_rates(merchant))


def addresses_of(device: UUID, regions: Iterable[str]) -> QuerySet[Address]:
    """This device's address book, as far as it lies in these regions; the last used first."""
    return Address.objects.filter(device=device, region__in=list(regions))
