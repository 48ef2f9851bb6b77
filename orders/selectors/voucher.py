"""A shopper's vouchers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from merchants.models import Customer
from orders.models import Order, Voucher

MOST_TRIED = 50
MOST_SHOWN = 200


def known_as(device: UUID, phones: Sequence[str]) -> QuerySet[Customer]:
    """She at every shop: by this device, by these numbers, which she has shown to be hers, and by
    the devices that ordered there with them.

    Not by a device that ordered with another number as well: who has something sent to a friend
    writes the friend's, and what she has claimed stays her own.
    """
    rows = Customer.objects.all()
    if not phones:
        return rows.filter(device=device)
    ordered = Order.objects.filter(device=OuterRef("device"), merchant=OuterRef("merchant"))
    hers, others = ordered.filter(phone__in=phones), ordered.exclude(phone__in=phones)
    with_them = Order.objects.filter(phone__in=phones, device__isnull=False).values("device")
    on_them = Q(Exists(hers), ~Exists(others), device__in=with_them, phone="")
    return rows.filter(Q(device=device) | Q(phone__in=phones) | on_them)


def usable_vouchers(people: Sequence[Customer]) -> list[Voucher]:
    """Hers that are good now, with what they are good for; what ends sooner comes first."""
    if not people:
        return []
    found = Voucher.objects.usable(timezone.now()).filter(customer__in=people)
    rows = _with_terms(found)
    return list(rows.order_by(Coalesce("ends_at", "coupon__ends_at"), "pk")[:MOST_TRIED])


def vouchers_of(people: Sequence[Customer], keys: Collection[int]) -> dict[int, Voucher]:
    """{id: voucher} of those that are hers. No key, no query."""
    if not keys:
        return {}
    rows = Voucher.objects.select_related("coupon__gift__product", "customer")
    return rows.filter(customer__in=people).in_bulk(keys)


def _with_terms(vouchers: QuerySet[Voucher]) -> QuerySet[Voucher]:
    """With what they are good for, and where."""
    rows = vouchers.select_related("coupon__gift__product")
    return rows.prefetch_related("coupon__products", "coupon__categories", "coupon__stores")


def wallet(device: UUID, phones: Sequence[str] = ()) -> dict[str, list[Voucher]]:
    """All vouchers of this device and of these numbers, at every shop: `good`, `used` and `over`,
    the newest first."""
    now = timezone.now()
    hers = Voucher.objects.filter(customer__in=known_as(device, phones)).order_by("-pk")
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
