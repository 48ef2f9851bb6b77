"""The verbs of a draw: open, close, draw, claim a prize.

Commit and reveal: the hash of the seed is public from the opening, the hash of the entries from the
closing, seed and beacon from the drawing (livestream/rules/draw.py has the arithmetic). There is
one drawing: each move is guarded by the state inside its UPDATE, and nothing leads back.
"""

from __future__ import annotations

import logging
import secrets
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from livestream import broadcast
from livestream.beacons import beacon, beacon_named
from livestream.errors import (
    AlreadyDrawn,
    BadDraw,
    DrawRunning,
    DrawWaits,
    ListChanged,
    NotOnAir,
    NotYours,
    PrizeClaimed,
    PrizeLapsed,
)
from livestream.models import Draw, Entry, Room
from livestream.rules import draw as rule
from livestream.rules.beacon import LARGEST_VALUE
from livestream.rules.chat import clean
from livestream.rules.draw import BEACON_AFTER, DrawState, EntryBy, commitment, entries_hash
from livestream.rules.room import ON_AIR
from livestream.selectors.draw import draw_event, due_closing, due_drawing, handles_of
from livestream.services.entry import enter_buyers
from merchants.models import Customer, Staff

logger = logging.getLogger(__name__)
MOMENT = timedelta(microseconds=1)
REST = 10.0  # seconds that a beacon which does not answer is left alone
_resting: dict[str, float] = {}


@transaction.atomic
def open_draw(
    *,
    room: Room,
    by: Staff | None,
    prize: str,
    winners: int,
    minutes: int,
    entry_by: str,
    prize_value: int = 0,
    phrase: str = "",
    watch_minutes: int = 0,
) -> Draw:
    """A draw that the whole room may enter for so many minutes. `prize_value` in minor units.

    Its seed is fixed now and its hash shown; a public beacon, if the house uses one, is named with
    the round that will decide. Raises NotOnAir, BadDraw, or DrawRunning while another is open.
    """
    now = timezone.now()
    prize, phrase = draw_terms(
        prize=prize,
        winners=winners,
        minutes=minutes,
        entry_by=entry_by,
        prize_value=prize_value,
        phrase=phrase,
        watch_minutes=watch_minutes,
    )
    rooms = Room.objects.select_for_update(no_key=True)
    if not rooms.filter(pk=room.pk, state__in=ON_AIR).exists():
        raise NotOnAir
    seed, closes_at, chance = secrets.token_hex(32), now + timedelta(minutes=minutes), beacon()
    try:
        with transaction.atomic():
            draw = Draw.objects.create(
                room=room,
                prize=prize,
                prize_value=prize_value,
                winners=winners,
                entry_by=entry_by,
                phrase=phrase if entry_by == EntryBy.COMMENT else "",
                watch_minutes=watch_minutes if entry_by == EntryBy.WATCH else 0,
                opened_by=by,
                opened_at=now,
                closes_at=closes_at,
                seed=seed,
                commitment=commitment(seed),
                beacon=chance.name if chance else "",
                beacon_round=chance.round_after(closes_at + BEACON_AFTER) if chance else None,
            )
    except IntegrityError as twice:
        raise DrawRunning from twice
    broadcast.draw_opened(room, draw_event(draw))
    return draw


def draw_terms(
    *,
    prize: str,
    winners: int,
    minutes: int,
    entry_by: str,
    prize_value: int = 0,
    phrase: str = "",
    watch_minutes: int = 0,
) -> tuple[str, str]:
    """The prize and the phrase as they are shown, of a draw that may be opened. Raises BadDraw."""
    prize, phrase = clean(prize), clean(phrase)
    fits = rule.is_draw(
        entry_by=entry_by,
        phrase=phrase,
        winners=winners,
        minutes=minutes,
        watch_minutes=watch_minutes,
        value=prize_value,
        most=settings.DRAW_MOST_VALUE,
    )
    if not fits or not 0 < len(prize) <= rule.LONGEST_PRIZE:
        raise BadDraw
    return prize, phrase


@transaction.atomic
def close_draw(*, draw: Draw) -> None:
    """Nobody enters any more; the list is frozen, its hash public. Twice changes nothing."""
    now = timezone.now()
    open_ = Draw.objects.select_for_update(of=("self",)).filter(pk=draw.pk, state=DrawState.OPEN)
    mine = open_.select_related("room__merchant").first()
    if mine is None:
        return
    if mine.entry_by == EntryBy.PURCHASE:  # a fact may have been lost; what was paid in time counts
        enter_buyers(mine, min(now, mine.closes_at - MOMENT))
    if not open_.update(state=DrawState.CLOSED, closed_at=now):
        return
    handles = handles_of(draw)
    Draw.objects.filter(pk=draw.pk).update(
        entry_count=len(handles), entries_hash=entries_hash(handles)
    )
    draw.refresh_from_db()
    broadcast.draw_closed(draw.room, draw_event(draw))


@transaction.atomic
def draw_winners(*, draw: Draw, beacon_value: str = "") -> None:
    """The winners, once and for all; each may claim for 48 hours.

    A draw that named a beacon needs its value. Raises AlreadyDrawn, DrawWaits while it is open or
    the value is missing, and ListChanged if the entries are not those that were frozen.
    """
    now = timezone.now()
    closed = Draw.objects.filter(pk=draw.pk, state=DrawState.CLOSED)
    closed = closed.exclude(beacon="") if beacon_value else closed.filter(beacon="")
    if not closed.update(state=DrawState.DRAWN, drawn_at=now, beacon_value=beacon_value):
        draw.refresh_from_db()
        raise AlreadyDrawn if draw.state == DrawState.DRAWN else DrawWaits
    draw.refresh_from_db()
    handles = handles_of(draw)
    if entries_hash(handles) != draw.entries_hash:
        raise ListChanged
    won = rule.winners(handles, seed=draw.seed, beacon=beacon_value, count=draw.winners)
    until = rule.claim_by(now)
    for place, handle in enumerate(won, start=1):
        draw.entries.filter(handle=handle, place=None).update(place=place, claim_by=until)
    broadcast.draw_drawn(draw.room, draw_event(draw))


@transaction.atomic
def claim_prize(*, draw: Draw, customer: Customer, name: str, phone: str, address: str) -> Entry:
    """The winner says where her prize shall go. Raises NotYours, PrizeClaimed or PrizeLapsed."""
    now = timezone.now()
    mine = draw.entries.filter(customer=customer, place__isnull=False)
    claimed = mine.filter(claimed_at=None, claim_by__gt=now).update(
        claimed_at=now, contact_name=name, contact_phone=phone, contact_address=address
    )
    entry = mine.first()
    if entry is None:
        raise NotYours
    if not claimed:
        raise PrizeClaimed if entry.claimed_at else PrizeLapsed
    broadcast.prize_claimed(draw.room, draw.public_id)
    return entry


# --- by the clock ---------------------------------------------------------------------------------


def sweep_draws(now: datetime) -> None:
    """Close every draw whose time is up, draw every one that can be. Safe to run twice at once."""
    for draw in due_closing(now):
        _alone(draw, close_draw)
    for draw in due_drawing():
        _alone(draw, draw_when_due)


def draw_when_due(*, draw: Draw) -> None:
    """Draw a closed one, if nothing has to be waited for. The beacon is asked outside of any
    transaction, and no oftener than every few seconds while it is silent.
    """
    if not draw.beacon:
        draw_winners(draw=draw)
        return
    value = _beacon_value(draw, timezone.now())
    if value:
        draw_winners(draw=draw, beacon_value=value)


def _beacon_value(draw: Draw, now: datetime) -> str:
    chance = beacon_named(draw.beacon)
    if chance is None or draw.beacon_round is None or now < chance.time_of(draw.beacon_round):
        return ""
    if time.monotonic() < _resting.get(chance.name, 0.0):
        return ""
    try:
        return chance.value(draw.beacon_round)[:LARGEST_VALUE]
    except ConnectionError:
        logger.warning("draw %s waits for its beacon", draw.public_id, exc_info=True)
        _resting[chance.name] = time.monotonic() + REST
        return ""


def _alone(draw: Draw, verb: object) -> None:
    try:
        verb(draw=draw)  # type: ignore[operator]
    except AlreadyDrawn:
        return  # by a colleague, this very moment
    except Exception:  # its own trouble: the others must not wait for it
        logger.exception("draw %s could not go on", draw.public_id)
