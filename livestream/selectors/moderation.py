"""Who may not speak in a room, and what may not be said in it."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from livestream.models import BlockedWord, Room, Sanction
from livestream.rules.chat import folded
from livestream.rules.moderation import Measure, hardest
from merchants.models import Staff

FRESH = 3.0  # seconds that words and names are remembered: they are asked for with every line

_words: dict[int, tuple[float, tuple[str, ...]]] = {}  # merchant -> (read at, folded words)
_names: dict[int, tuple[float, frozenset[str]]] = {}  # merchant -> (read at, folded names)


def words_of(merchant_id: int) -> tuple[str, ...]:
    """The folded words of the shop and of the platform, as they were within FRESH seconds."""
    read_at, words = _words.get(merchant_id, (-FRESH, ()))
    if time.monotonic() - read_at < FRESH:
        return words
    rows = BlockedWord.objects.filter(Q(merchant=merchant_id) | Q(merchant=None))
    words = tuple(rows.values_list("folded", flat=True))
    _words[merchant_id] = (time.monotonic(), words)
    return words


def reserved_names(merchant_id: int) -> frozenset[str]:
    """The names, folded, under which no guest may talk: the shop's and its staff's, as they were
    within FRESH seconds.
    """
    read_at, names = _names.get(merchant_id, (-FRESH, frozenset()))
    if time.monotonic() - read_at < FRESH:
        return names
    rows = Staff.objects.filter(merchant_id=merchant_id)
    found = {name for row in rows.values_list("host_name", "merchant__name") for name in row}
    names = frozenset(folded(name) for name in found)
    _names[merchant_id] = (time.monotonic(), names)
    return names


def forget_words() -> None:
    """This process reads every list anew."""
    _words.clear()
    _names.clear()


def in_force(merchant_id: int, now: datetime) -> QuerySet[Sanction]:
    """The measures of a shop that hold now."""
    rows = Sanction.objects.filter(merchant=merchant_id, lifted_at=None)
    return rows.filter(Q(until=None) | Q(until__gt=now))


def measures(
    room: Room, *, devices: Collection[UUID], customers: Collection[int], now: datetime
) -> tuple[dict[UUID, Measure], dict[int, Measure]]:
    """What holds in this room against these devices and these customers: one query."""
    rows = in_force(room.merchant_id, now).filter(Q(room=None) | Q(room=room))
    rows = rows.filter(Q(device__in=devices) | Q(customer__in=customers))
    by_device: dict[UUID, set[str]] = {}
    by_customer: dict[int, set[str]] = {}
    for device, customer, measure in rows.values_list("device", "customer", "measure"):
        if device is not None:
            by_device.setdefault(device, set()).add(measure)
        if customer is not None:
            by_customer.setdefault(customer, set()).add(measure)
    return (
        {device: found for device, those in by_device.items() if (found := hardest(those))},
        {customer: found for customer, those in by_customer.items() if (found := hardest(those))},
    )


def measure_against(
    room: Room, *, device: UUID | None, customer: int | None, now: datetime
) -> Measure | None:
    """What holds in this room against one shopper, by device or by customer."""
    by_device, by_customer = measures(
        room,
        devices=[device] if device else [],
        customers=[customer] if customer else [],
        now=now,
    )
    return hardest([*by_device.values(), *by_customer.values()])
