"""The coupons of a shop, sorted by whether they can be claimed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from merchants.models import Merchant
from orders.models import Coupon

MOST = 200
FEW = 0.1  # of the copies left: time to think of more


def coupon_list(merchant: Merchant, now: datetime) -> dict[str, list[Coupon]]:
    """{tab: coupons}, the newest first, each with `phase` (open, spent, later, over) and `few`."""
    tabs: dict[str, list[Coupon]] = {"open": [], "later": [], "over": []}
    for coupon in _with_phase(merchant.coupons.all()[:MOST], now):
        tabs["open" if coupon.phase == "spent" else coupon.phase].append(coupon)
    return tabs


def _with_phase(coupons: Iterable[Coupon], now: datetime) -> Iterable[Coupon]:
    for coupon in coupons:
        coupon.phase = phase(coupon, now)
        coupon.few = 0 < coupon.left <= coupon.issued * FEW
        yield coupon


def phase(coupon: Coupon, now: datetime) -> str:
    """Where a coupon stands: open, spent (all claimed), later, over."""
    if coupon.stopped_at is not None or coupon.ends_at <= now:
        return "over"
    if coupon.starts_at > now:
        return "later"
    return "spent" if coupon.left <= 0 else "open"
