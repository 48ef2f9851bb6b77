"""Draws of a room as its pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from livestream.beacons import beacon_named
from livestream.models import Draw, Entry, Follow, Room
from livestream.rules.draw import DrawState
from merchants.models import Customer, Merchant
from orders.models import Order
from orders.rules.line import GIVES_STOCK_BACK


def open_draw_of(room: Room, now: datetime) -> Draw | None:
    """The draw that can be entered now."""
    return room.draws.filter(state=DrawState.OPEN, closes_at__gt=now).first()


def newest(room: Room) -> Draw | None:
    """The one that its chip shows: open, closed, or drawn last."""
    return room.draws.select_related("room__merchant").order_by("-pk").first()


def due_closing(now: datetime) -> QuerySet[Draw]:
    """Open ones whose time is up."""
    rows = Draw.objects.filter(state=DrawState.OPEN, closes_at__lte=now)
    return rows.select_related("room__merchant")


def due_drawing() -> QuerySet[Draw]:
    """Closed ones that wait for their drawing."""
    return Draw.objects.filter(state=DrawState.CLOSED).select_related("room__merchant")


def handles_of(draw: Draw) -> list[str]:
    """Everybody who takes part, as the public list names them."""
    return list(draw.entries.order_by().values_list("handle", flat=True))


def entries_text(draw: Draw) -> str:
    """The frozen list: sorted, a line each. Its SHA-256 is the published hash."""
    return "".join(f"{handle}\n" for handle in sorted(handles_of(draw)))


def winners_of(draw: Draw) -> list[Entry]:
    """Who won, the first prize first."""
    return list(draw.entries.filter(place__isnull=False).order_by("place"))


def entry_of(draw: Draw, guest: Customer | None) -> Entry | None:
    """Her own entry."""
    return draw.entries.filter(customer=guest).first() if guest else None


def follows(merchant: Merchant, guest: Customer | None) -> bool:
    """Whether she follows the shop."""
    return guest is not None and Follow.objects.filter(merchant=merchant, customer=guest).exists()


def bought_in(draw: Draw) -> QuerySet[Order]:
    """The orders of this show that were paid before the draw's time was up."""
    orders = Order.objects.filter(sale__room=draw.room_id, paid_at__lt=draw.closes_at)
    return orders.exclude(state__in=GIVES_STOCK_BACK)


def last_terms(merchant: Merchant) -> dict[str, Any]:
    """What the shop asked for in its last draw: the next one begins with it."""
    row = Draw.objects.filter(room__merchant=merchant).order_by("-pk").first()
    if row is None:
        return {}
    minutes = max(1, round((row.closes_at - row.opened_at).total_seconds() / 60))
    return {
        "prize": row.prize,
        "prize_value": row.prize_value,
        "winners": row.winners,
        "minutes": minutes,
        "entry_by": row.entry_by,
        "phrase": row.phrase,
        "watch_minutes": row.watch_minutes or None,
    }


def draw_event(draw: Draw) -> dict[str, Any]:
    """A draw as browsers get it. `value` in minor units; winners by their mark in the list and a
    masked name, once they are known.
    """
    won = winners_of(draw) if draw.state == DrawState.DRAWN else []
    return {
        "id": draw.public_id,
        "state": draw.state,
        "prize": draw.prize,
        "value": draw.prize_value,
        "winners": draw.winners,
        "by": draw.entry_by,
        "phrase": draw.phrase,
        "watch": draw.watch_minutes,
        "entries": draw.entry_count,
        "closes_at": draw.closes_at,
        "won": [{"handle": entry.handle, "name": entry.masked} for entry in won],
    }


def draws_of(room: Room, guest: Customer | None) -> dict[str, Any]:
    """What a room's page shows of draws: the chip while it is on air, the results afterwards."""
    if room.is_on_air:
        draw = newest(room)
        mine = entry_of(draw, guest) if draw else None
        return {"draw": draw, "my_entry": mine, "follows": follows(room.merchant, guest)}
    rows = list(room.draws.exclude(state=DrawState.OPEN).order_by("pk"))
    for row in rows:
        row.won = winners_of(row) if row.is_drawn else []  # type: ignore[attr-defined]
        row.mine = entry_of(row, guest)  # type: ignore[attr-defined]
    return {"draws": rows}


def number_page(draw: Draw) -> str:
    """Where the public number of a draw can be looked up; empty without a beacon."""
    chance = beacon_named(draw.beacon)
    return chance.page_of(draw.beacon_round) if chance and draw.beacon_round else ""


def number_due(draw: Draw) -> datetime | None:
    """When the public number of a draw comes."""
    chance = beacon_named(draw.beacon)
    return chance.time_of(draw.beacon_round) if chance and draw.beacon_round else None


def is_public_chance(draw: Draw) -> bool:
    """Whether nobody could know what decides while the list could still change."""
    due = number_due(draw)
    return due is not None and due > (draw.closed_at or draw.closes_at)


def at_the_counter(room: Room) -> dict[str, Any]:
    """The draws of a show as its console lists them: the newest first, with their winners."""
    rows = list(room.draws.order_by("-pk"))
    for row in rows:
        row.won = winners_of(row) if row.is_drawn else []  # type: ignore[attr-defined]
        row.number_due = number_due(row)  # type: ignore[attr-defined]
    return {"draws": rows}
