"""The verbs of taking part in a draw: by a comment, a follow, an order, or by watching.

The count of the draw's row is raised first, only while it is open: whoever closes it waits for us,
and who comes after the closing is refused. So the frozen list is the whole list.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from livestream import broadcast
from livestream.errors import DrawClosed, NotYet
from livestream.models import Attendance, Draw, Entry, Message, Room
from livestream.rules.draw import DrawState, EntryBy, says
from livestream.selectors.draw import bought_in, open_draw_of
from livestream.services.follow import follow
from livestream.services.moderation import refuse_banned
from merchants.models import Customer

LONGEST_NAME = 20
AT_ONCE = 500  # rows in one statement


@transaction.atomic
def enter(*, draw: Draw, customer: Customer, name: str = "") -> Entry:
    """She takes part; once, however often she asks. By a comment it is the chat that enters her.

    Raises DrawClosed, Banned, or NotYet if she has not done what the draw asks for.
    """
    now = timezone.now()
    known = draw.entries.filter(customer=customer).first()
    if known is not None:
        return known
    if draw.state != DrawState.OPEN or now >= draw.closes_at:
        raise DrawClosed
    refuse_banned(room=draw.room, customer=customer, now=now)
    if draw.entry_by == EntryBy.FOLLOW:
        follow(merchant=draw.room.merchant, customer=customer)
    elif not may_enter(draw, customer):
        raise NotYet
    taken = take_in(draw, {customer.pk: name}, now)
    return taken.get(customer.pk) or draw.entries.get(customer=customer)


def may_enter(draw: Draw, customer: Customer) -> bool:
    """Whether she has done what a draw by an order, or by watching, asks for."""
    if draw.entry_by == EntryBy.PURCHASE:
        return bought_in(draw).filter(device=customer.device).exists()
    if draw.entry_by == EntryBy.WATCH and customer.device:
        enough = Attendance.objects.filter(seconds__gte=draw.watch_minutes * 60)
        return enough.filter(room=draw.room_id, device=customer.device).exists()
    return False


def enter_by_comment(*, room: Room, messages: Sequence[Message], now: datetime) -> None:
    """Whoever has just said the words of the open draw takes part; her line tells her so.

    Part of the transaction that writes the lines. What is held, or seen by its author alone, does
    not count. One query if no draw is open.
    """
    said = [one for one in messages if one.device and not (one.staff_id or one.shadowed)]
    draw = open_draw_of(room, now) if said else None
    if draw is None or draw.entry_by != EntryBy.COMMENT:
        return
    names = {
        one.device: one.author_name for one in said if one.device and says(one.text, draw.phrase)
    }
    if not names:
        return
    customers = customers_at(room.merchant_id, names)
    try:
        taken = take_in(draw, {customers[device]: name for device, name in names.items()}, now)
    except DrawClosed:  # this very moment: the lines are said all the same
        return
    for one in said:
        one.entry = taken.get(customers.get(one.device, 0)) if one.device else None


@transaction.atomic
def enter_buyer(*, draw: Draw, device: UUID) -> None:
    """Who has paid for an order in this show takes part. Raises DrawClosed."""
    enter_buyers(draw, timezone.now(), device)


def enter_buyers(draw: Draw, now: datetime, device: UUID | None = None) -> None:
    """All who paid for an order in this show take part, or only the one of this device."""
    orders = bought_in(draw).filter(device__isnull=False).order_by("-pk")
    if device is not None:
        orders = orders.filter(device=device)
    names: dict[UUID, str] = {}
    for who, name in orders.values_list("device", "name"):
        if who is not None:
            names[who] = name
    if names:
        customers = customers_at(draw.room.merchant_id, names)
        take_in(draw, {customers[who]: name for who, name in names.items()}, now)


def customers_at(merchant_id: int, devices: Iterable[UUID]) -> dict[UUID, int]:
    """{device: customer}; who had none has one now."""
    wanted = set(devices)
    rows = Customer.objects.filter(merchant=merchant_id, device__in=wanted)
    known = {device: pk for device, pk in rows.values_list("device", "pk") if device}
    if fresh := wanted - known.keys():
        Customer.objects.bulk_create(
            [Customer(merchant_id=merchant_id, device=device) for device in fresh],
            ignore_conflicts=True,
        )
        known |= {device: pk for device, pk in rows.all().values_list("device", "pk") if device}
    return known


def take_in(draw: Draw, names: Mapping[int, str], now: datetime) -> dict[int, Entry]:
    """{customer: her new entry} of those who were not in yet. Raises DrawClosed."""
    _hold_open(draw, now)
    inside = draw.entries.filter(customer__in=names).values_list("customer", flat=True)
    fresh = names.keys() - set(inside)
    rows = [
        Entry(
            draw=draw,
            customer_id=customer,
            handle=secrets.token_hex(8),
            name=names[customer][:LONGEST_NAME],
            at=now,
        )
        for customer in sorted(fresh)
    ]
    Entry.objects.bulk_create(rows, batch_size=AT_ONCE)
    if rows:
        Draw.objects.filter(pk=draw.pk).update(entry_count=F("entry_count") + len(rows))
        draw.refresh_from_db(fields=["entry_count"])
        broadcast.draw_entered(draw)
    return {row.customer_id: row for row in rows}


def _hold_open(draw: Draw, now: datetime) -> None:
    """The draw is open, and nobody closes it before we are done: the row is ours from here on."""
    rows = Draw.objects.filter(pk=draw.pk, state=DrawState.OPEN, closes_at__gt=now)
    if not rows.update(entry_count=F("entry_count")):
        raise DrawClosed
