"""A shopper's vouchers."""

from __future__ import annotations

from uuid import UUID

from django.db.models.functions import Coalesce
from django.utils import timezone

from merchants.models import Customer
from orders.models import Voucher

MOST_TRIED = 50
MOST_SHOWN = 200


def usable_vouchers(customer: Customer) -> list[Voucher]:
    """Hers that are good now, with what they are good for; what ends sooner comes first."""
    found = Voucher.objects.usable(timezone.now()).filter(customer=customer)
    rows = found.select_related("coupon").prefetch_related("coupon__products", "coupon__categories")
    return list(rows.order_by(Coalesce("ends_at", "coupon__ends_at"), "pk")[:MOST_TRIED])


def wallet(device: UUID) -> dict[str, list[Voucher]]:
    """All vouchers of this device, at every shop: `good`, `used` and `over`, the newest first."""
    now = timezone.now()
    rows = Voucher.objects.filter(customer__device=device).order_by("-pk")
    rows = rows.select_related("coupon__merchant").prefetch_related(
        "coupon__products", "coupon__categories"
    )
    found: dict[str, list[Voucher]] = {"good": [], "used": [], "over": []}
    for one in rows[:MOST_SHOWN]:
        if one.state == "redeemed":
            found["used"].append(one)
        elif one.state == "claimed" and one.good_until > now:
            found["good"].append(one)
        else:
            found["over"].append(one)
    return found
