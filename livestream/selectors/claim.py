"""Fair drops while they gather claims, and who asked."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from livestream.models import Claim, Drop
from livestream.rules.claim import GATHERS
from livestream.rules.draw import commitment
from merchants.models import Customer


def gathering(now: datetime) -> QuerySet[Drop]:
    """Fair drops that can be asked for and are not given out."""
    open_ = Drop.objects.filter(fair=True, allotted_at=None, withdrawn_at=None)
    return open_.filter(opened_at__lte=now)


def due(now: datetime) -> QuerySet[Drop]:
    """Fair drops whose copies are to be given out: the time is up, or they were taken back."""
    waiting = Drop.objects.filter(fair=True, allotted_at=None)
    over = Q(opened_at__lte=now - GATHERS) | Q(withdrawn_at__isnull=False)
    return waiting.filter(over).select_related("room__merchant", "coupon")


def claim_of(drop: Drop, guest: Customer | None) -> Claim | None:
    """What she asked for."""
    return drop.claims.filter(customer=guest).first() if guest else None


def gathers_until(drop: Drop) -> datetime:
    """When the copies are given out."""
    return drop.opened_at + GATHERS


def claims_text(drop: Drop) -> str:
    """The proof of the lots: seed, its promise, and every claim as the rule saw it."""
    head = f"# seed {drop.seed}\n# sha256 {commitment(drop.seed)}\n"
    rows = drop.claims.order_by("handle").values_list("handle", "on_time", "late_ms", "won")
    lines = (
        f"{handle} {'on-time' if on_time else 'late'} {late_ms} {'won' if won else '-'}\n"
        for handle, on_time, late_ms, won in rows
    )
    return head + "".join(lines)
