"""Whose turn it is to be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from orders.models import GatewayAccount, Line, Shipment
from orders.rules.line import PARTLY_SHIPPED, LineState
from orders.rules.tracking import GIVEN_UP, LEAST_WAIT, TOLD_WAIT


def to_ask(now: datetime) -> Q:
    """Parcels whose turn has come."""
    untold = Q(told_since=None) & (Q(asked_at=None) | Q(asked_at__lte=now - LEAST_WAIT))
    return untold | Q(told_since__isnull=False, asked_at__lte=now - TOLD_WAIT)


def parcels_to_ask(now: datetime, trackers: Sequence[str]) -> QuerySet[Shipment]:
    """Those on their way of shops with one of these trackers, the never asked first, then those
    that have waited longest.
    """
    whose = GatewayAccount.objects.filter(gateway__in=trackers).values("merchant")
    on_its_way = Line.objects.filter(shipment=OuterRef("pk"), state=LineState.SHIPPED)
    found = Shipment.objects.filter(
        to_ask(now),
        Exists(on_its_way),
        order__merchant__in=whose,
        order__state__in=[LineState.SHIPPED, PARTLY_SHIPPED],
        shipped_at__gt=now - GIVEN_UP,
    )
    # Said outright: SQLite puts what is empty first, PostgreSQL last.
    order = F("asked_at").asc(nulls_first=True)
    return found.select_related("order__merchant").order_by(order, "pk")
