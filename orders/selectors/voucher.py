"""A shopper's vouchers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from merchants.models import Customer
from orders.models import Voucher

MOST_TRIED = 50
MOST_SHOWN = 200


def usable_vouchers(customer: Customer) -> list[Voucher]:
    """Hers that are good now, with what they are good for; what ends sooner comes first."""
    found = Voucher.objects.usable(timezone.now()).filter(customer=customer)
    rows = _with_terms(found)
    return list(rows.order_by(Coalesce("ends_at", "coupon__ends_at"), "pk")[:MOST_TRIED])


def vouchers_of(customer: Customer, keys: Collection[int]) -> dict[int, Voucher]:
    """{id: voucher} of those that are hers. No key, no query."""
    if not keys:
        return {}
    rows = Voucher.objects.select_related("coupon__gift__product", "customer")
    return rows.filter(customer=customer).in_bulk(keys)


def _with_terms(vouchers: QuerySet[Voucher]) -> QuerySet[Voucher]:
    """With what they are good for, and where."""
    rows = vouchers.select_related("coupon__gift__product")
    return rows.prefetch_related("coupon__products", "coupon__categories", "coupon__stores")


def wallet(device: UUID) -> dict[str, list[Voucher]]:
    """All vouchers of this device, at every shop: `good`, `used` and `over`, the newest first."""
    now = timezone.now()
    hers = Voucher.objects.filter(customer__device=device).order_by("-pk")
    rows = _with_terms(hers).select_related("coupon__merchant")
    found: dict[str, list[Voucher]] = {"good": [], "used": [], "over": []}
    for one in rows[:MOST_SHOWN]:
        if one.state == "redeemed":
            found["used"].append(one)
        elif one.state == "claimed" and one.good_until > now:
            found["good"].append(one)
        else:
            found["over"].append(one)
    return found
