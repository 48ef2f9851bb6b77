"""The verbs of news about a parcel: whose turn it is to ask, and what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from merchants.models import Merchant
from orders.errors import WrongState
from orders.models import ParcelEvent, Shipment
from orders.rules.line import LineState
from orders.rules.tracking import LEAST_WAIT, TOLD_WAIT, ParcelState, Seen
from orders.services.shipment import confirm_delivery
from orders.signals import order_noted


def to_ask(now: datetime) -> Q:
    """Parcels whose turn has come."""
    untold = Q(told_since=None) & (Q(asked_at=None) | Q(asked_at__lte=now - LEAST_WAIT))
    return untold | Q(told_since__isnull=False, asked_at__lte=now - TOLD_WAIT)


def lease(*, shipment: Shipment, now: datetime) -> bool:
    """Whether this question is ours: the guard is in the write, so of two sweeps one asks."""
    return bool(Shipment.objects.filter(to_ask(now), pk=shipment.pk).update(asked_at=now))


def note_told(*, shipment: Shipment) -> None:
    """From now on its provider tells of it by itself."""
    Shipment.objects.filter(pk=shipment.pk).update(told_since=timezone.now())


@transaction.atomic
def note_events(*, shipment: Shipment, seen: Sequence[Seen]) -> int:
    """Write down what is new of a parcel; delivered, its lines are, once. Returns how many are new.

    The same news again, from a question or a callback, changes nothing.
    """
    before = shipment.events.count()
    ParcelEvent.objects.bulk_create(
        [
            ParcelEvent(shipment=shipment, at=one.at, text=one.text, state=one.state.value)
            for one in sorted(seen, key=lambda one: (one.at, one.text))  # one order of locks
        ],
        ignore_conflicts=True,
    )
    new = shipment.events.count() - before
    if new:
        order_noted.state(order=shipment.order)
    on_its_way = shipment.lines.filter(state=LineState.SHIPPED)
    if any(one.state == ParcelState.DELIVERED for one in seen) and on_its_way.exists():
        with suppress(WrongState):  # a clerk was faster
            confirm_delivery(order=shipment.order, by=None, shipment=shipment)
    return new


def hear_parcel(*, merchant: Merchant, carrier: str, number: str, seen: Sequence[Seen]) -> None:
    """What a provider told of a number: every parcel of this shop that travels under it hears."""
    parcels = Shipment.objects.filter(
        order__merchant=merchant, carrier=carrier, tracking_number=number
    )
    for shipment in parcels.select_related("order__merchant"):
        note_events(shipment=shipment, seen=seen)
