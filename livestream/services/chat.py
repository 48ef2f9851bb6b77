"""The verbs of the chat. Row first, then push: what was acknowledged is in history once (P10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from livestream import broadcast
from livestream.errors import ChatClosed, ChatOver, NameTaken, NothingSaid, TooLong
from livestream.models import Message, Room
from livestream.rules.chat import LONGEST, LONGEST_KEY, clean, folded, may_talk
from livestream.rules.room import RoomState
from merchants.errors import KeyReused, RuleBroken, Taken
from merchants.models import Staff

Outcome = Message | type[RuleBroken]


@dataclass(frozen=True)
class Voice:
    """Who speaks, as the room sees her."""

    name: str
    badge: str = ""  # "", "host", "staff" or "regular"
    staff_id: int | None = None
    customer_id: int | None = None
    device: UUID | None = None


@dataclass(frozen=True)
class Line:
    """Something a person wants to say. `key` names this attempt: sending it again says it once."""

    voice: Voice
    text: str
    key: str | None = None


def say(*, room: Room, voice: Voice, text: str, key: str | None = None) -> Message:
    """Add one line to the chat and show it to everyone.

    With a `key` that was used before by the same person, the line of that time is returned.
    Raises NothingSaid, TooLong, ChatClosed, ChatOver, NameTaken for a guest who calls himself like
    the shop or its staff, or KeyReused for another person's key.
    """
    outcome = say_all(room_id=room.pk, lines=[Line(voice, text, key)])[0]
    if isinstance(outcome, Message):
        return outcome
    raise outcome


@transaction.atomic
def say_all(*, room_id: int, lines: Sequence[Line]) -> list[Outcome]:
    """Add the lines of one moment in one transaction, and tell what became of each.

    The room's row is locked, so ids rise in the order of commits and nobody who resumes from the
    last id he saw can miss one that was committed later.
    """
    room = (
        Room.objects.select_for_update(of=("self",))
        .only("state", "scheduled_at", "muted", "merchant")
        .get(pk=room_id)
    )
    now = timezone.now()
    reserved = _reserved(room, lines)
    keys = {line.key for line in lines if line.key}
    known = {
        message.client_key: message
        for message in Message.objects.filter(room_id=room_id, client_key__in=keys)
    }
    outcomes: list[Outcome] = []
    fresh: list[Message] = []
    for line in lines:
        if line.key and line.key in known:
            outcomes.append(_again(known[line.key], line))
            continue
        outcome = _judge(room, line, now, reserved)
        if isinstance(outcome, Message):
            fresh.append(outcome)
            if line.key:
                known[line.key] = outcome
        outcomes.append(outcome)
    Message.objects.bulk_create(fresh)
    broadcast.chat_messages(room_id, fresh)
    return outcomes


def _again(message: Message, line: Line) -> Outcome:
    same = (message.device, message.staff_id) == (line.voice.device, line.voice.staff_id)
    return message if same else KeyReused


def _reserved(room: Room, lines: Sequence[Line]) -> set[str]:
    """The names, folded, under which no guest may talk: the shop's and its staff's."""
    if all(line.voice.staff_id for line in lines):
        return set()
    rows = Staff.objects.filter(merchant_id=room.merchant_id)
    names = {name for row in rows.values_list("host_name", "merchant__name") for name in row}
    return {folded(name) for name in names}


def _judge(room: Room, line: Line, now: datetime, reserved: set[str]) -> Outcome:
    staff = line.voice.staff_id is not None
    text = clean(line.text)
    if not text:
        return NothingSaid
    if len(text) > LONGEST or len(line.key or "") > LONGEST_KEY:
        return TooLong
    state = room.state if staff else room.shown_state
    if not may_talk(state, staff=staff, muted=False):
        return ChatOver
    if not may_talk(state, staff=staff, muted=room.muted):
        return ChatClosed
    if not staff and folded(line.voice.name) in reserved:
        return NameTaken
    return Message(
        room_id=room.pk,
        author_name=line.voice.name,
        badge=line.voice.badge,
        staff_id=line.voice.staff_id,
        customer_id=line.voice.customer_id,
        device=line.voice.device,
        text=text,
        client_key=line.key or None,
        at=now,
    )


@transaction.atomic
def announce(*, room: Room, text: str, kind: str = "system") -> Message:
    """Add a line that nobody said: a system line, or a notice of the host."""
    Room.objects.select_for_update(of=("self",)).only("pk").get(pk=room.pk)
    now = timezone.now()  # once the row is ours: ids rise in time
    message = Message.objects.create(room=room, kind=kind, text=clean(text)[:LONGEST], at=now)
    broadcast.chat_message(message)
    return message


@transaction.atomic
def hide(*, message: Message) -> Message:
    """Take a line away everywhere; its row stays for the record."""
    if not Message.objects.filter(pk=message.pk, hidden=False).update(hidden=True):
        raise Taken
    message.hidden = True
    broadcast.chat_hidden(message)
    return message


@transaction.atomic
def mute(*, room: Room, muted: bool) -> Room:
    """Close or open the chat for guests; staff may always write."""
    _unheard(room)
    if Room.objects.filter(pk=room.pk).exclude(muted=muted).update(muted=muted):
        room.muted = muted
        broadcast.chat_muted(room)
    return room


@transaction.atomic
def pin(*, room: Room, text: str) -> Room:
    """Pin a line above the chat; an empty one clears it."""
    _unheard(room)
    room.pinned = clean(text)[:80]
    Room.objects.filter(pk=room.pk).update(pinned=room.pinned)
    broadcast.note_pinned(room)
    return room


def _unheard(room: Room) -> None:
    """In a rehearsal nobody is told anything. Raises ChatOver."""
    if Room.objects.filter(pk=room.pk, state=RoomState.REHEARSING).exists():
        raise ChatOver
