"""The verbs of news about a parcel: whose turn it is to ask, and what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from merchants.models import Merchant, User
from orders.errors import WrongState
from orders.models import GatewayAccount, ParcelEvent, Shipment
from orders.rules.line import LineState
from orders.rules.tracking import ParcelState, Seen
from orders.selectors.tracking import to_ask
from orders.services.gateway import connect_gateway, disconnect_gateway
from orders.services.shipment import confirm_delivery
from orders.signals import order_noted


@transaction.atomic
def connect_tracker(
    *, merchant: Merchant, tracker: str, number: str, sealed: str, by: User
) -> GatewayAccount:
    """From now on this provider is asked. What it was told to tell, it signs with the old keys: it
    is asked about those parcels, and told anew. Raises as `connect_gateway`.
    """
    account = connect_gateway(
        merchant=merchant, gateway=tracker, number=number, sealed=sealed, by=by
    )
    _ask_again(merchant)
    return account


@transaction.atomic
def disconnect_tracker(*, account: GatewayAccount, by: User) -> None:
    """Nobody is asked any more, and the keys are gone."""
    disconnect_gateway(account=account, by=by)
    _ask_again(account.merchant)


def _ask_again(merchant: Merchant) -> None:
    told = Shipment.objects.filter(order__merchant=merchant, told_since__isnull=False)
    told.update(told_since=None)


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
        order__merchant=merchant, carrier=carrier, tracking_number__iexact=number
    )
    for shipment in parcels.select_related("order__merchant"):
        note_events(shipment=shipment, seen=seen)
