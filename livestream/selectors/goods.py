"""What the goods list shows of the shows: what runs out, and which shelves may grow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from livestream.models import Room
from livestream.rules.room import ON_AIR, SHELF_OPEN, RoomState
from livestream.selectors.room import shelf
from merchants.models import Merchant

AHEAD = timedelta(hours=24)  # a show further off leaves time to order goods
NAMED = 3


def at_risk(merchant: Merchant, now: datetime) -> dict[str, Any]:
    """The show on air, or the next within a day, and which goods of its shelf run out or are out.

    `named` are the emptiest first, `more` how many are not named.
    """
    room = _nearest(merchant, now)
    cards = shelf(room) if room else []
    short = sorted((one for one in cards if one.low or one.left <= 0), key=lambda one: one.left)
    return {
        "room": room,
        "low": sum(one.left > 0 for one in short),
        "out": sum(one.left <= 0 for one in short),
        "named": short[:NAMED],
        "more": max(len(short) - NAMED, 0),
    }


def _nearest(merchant: Merchant, now: datetime) -> Room | None:
    rooms = merchant.rooms.select_related("merchant")
    planned = rooms.filter(state__in=[RoomState.SCHEDULED, RoomState.REHEARSING])
    soon = planned.filter(starts_at__lte=now + AHEAD).order_by("starts_at")
    return (
        rooms.filter(state__in=ON_AIR).order_by("-pk").first()
        or soon.filter(starts_at__gte=now).first()
        or soon.last()  # late, and not begun yet
    )


def open_shelves(merchant: Merchant) -> QuerySet[Room]:
    """Rooms on whose shelf something may still be put, the next show first, with `shelf_size`."""
    rooms = merchant.rooms.filter(state__in=SHELF_OPEN).annotate(shelf_size=Count("items"))
    return rooms.order_by("starts_at", "pk")
