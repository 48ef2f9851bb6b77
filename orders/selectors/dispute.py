"""Disputes: what waits, and whether one may be opened."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from orders.models import Dispute, Order, Refund
from orders.rules.dispute import in_time
from orders.rules.refund import RefundState


def refused_at(refund: Refund) -> datetime:
    """When the shop refused it."""
    steps = [step for step in refund.steps.all() if step.state == RefundState.REFUSED]
    return steps[-1].at


def disputable(order: Order, now: datetime) -> set[int]:
    """The refunds of an order that its buyer may still take to the platform. Prefetch `refunds`
    with `steps` and `dispute`."""
    return {
        refund.pk
        for refund in order.refunds.all()
        if refund.state == RefundState.REFUSED
        and not hasattr(refund, "dispute")
        and not refund.is_for_nothing
        and in_time(refused_at(refund), now)
    }


def waiting() -> QuerySet[Dispute]:
    """Those that no admin has decided, the oldest first."""
    rows = Dispute.objects.filter(decided_at=None)
    return rows.select_related("merchant", "refund__order").order_by("opened_at")
