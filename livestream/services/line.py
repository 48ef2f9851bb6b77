"""What becomes of a line: said, held for approval, seen by its author alone, or refused.

A `Judge` knows what every line of one moment is judged by, read once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Max

from livestream.errors import (
    BadReply,
    Banned,
    ChatClosed,
    ChatOver,
    NameTaken,
    NothingSaid,
    Silenced,
    SlowMode,
    TooLong,
)
from livestream.models import HeldLine, Message, Room
from livestream.rules.chat import (
    LONGEST,
    LONGEST_KEY,
    LONGEST_NAME,
    clean,
    folded,
    may_talk,
    too_soon,
)
from livestream.rules.moderation import Measure, blocked, hardest
from livestream.selectors.moderation import measures, reserved_names, words_of
from merchants.errors import RuleBroken
from merchants.models import Customer
from orders.models import Order

REGULAR = ("paid", "shipped", "ready_for_pickup", "delivered", "collected", "completed")


@dataclass(frozen=True)
class Voice:
    """Who speaks, as the room sees her."""

    name: str
    badge: str = ""  # "", "host", "staff" or "regular"
    staff_id: int | None = None
    customer_id: int | None = None
    device: UUID | None = None


def guest_voice(room: Room, nickname: object, device: UUID) -> Voice | None:
    """How a guest speaks in this room; None without a nickname. Who came back is a regular."""
    name = clean(str(nickname or ""))[:LONGEST_NAME]
    if not name:
        return None
    customer = Customer.objects.filter(merchant_id=room.merchant_id, device=device).first()
    return Voice(
        name=name,
        badge="regular" if customer is not None and _came_back(customer) else "",
        customer_id=customer.pk if customer else None,
        device=device,
    )


def _came_back(customer: Customer) -> bool:
    """Who has bought once is new here; who has bought again is a regular."""
    return Order.objects.filter(customer=customer, state__in=REGULAR)[:2].count() == 2


@dataclass(frozen=True)
class Line:
    """Something a person wants to say. `key` names this attempt: sending it again says it once."""

    voice: Voice
    text: str
    key: str | None = None
    reply_to: int | None = None  # the id of the line that this one answers


Outcome = Message | HeldLine | type[RuleBroken]


class Judge:
    """Judges the lines of one moment in one room."""

    def __init__(
        self, room: Room, lines: Sequence[Line], now: datetime, *, has_sanctions: bool
    ) -> None:
        self.room = room
        self.now = now
        self.lines = lines
        self.has_sanctions = has_sanctions  # of the shop against anybody: mostly there are none
        self.guests = [line.voice for line in lines if line.voice.staff_id is None]

    def outcome(self, line: Line) -> Outcome:
        """A row that is not yet written, or the refusal."""
        text = clean(line.text)
        refusal = self._refusal(line, text)
        if refusal is not None:
            return refusal
        reply_to = self._quoted(line)
        if line.reply_to and reply_to is None:
            return BadReply
        if line.voice.staff_id is not None:
            return self._message(line, text, reply_to)
        self._heard(line.voice)
        word = blocked(text, words_of(self.room.merchant_id))
        if word or self.room.holds_chat:  # shadow banned or not: he must not notice
            return self._held(line, text, reply_to, word or "")
        shadowed = self._measure(line.voice) is Measure.SHADOW
        return self._message(line, text, reply_to, shadowed=shadowed)

    def _quoted(self, line: Line) -> Message | None:
        """What the line answers, if its author sees that and everybody who sees the line may."""
        quoted = self._answered.get(line.reply_to) if line.reply_to else None
        if quoted is not None and quoted.shadowed and quoted.device != line.voice.device:
            return None
        return quoted

    def _refusal(self, line: Line, text: str) -> type[RuleBroken] | None:
        staff = line.voice.staff_id is not None
        if not text:
            return NothingSaid
        if len(text) > LONGEST or len(line.key or "") > LONGEST_KEY:
            return TooLong
        state = self.room.state if staff else self.room.shown_state
        if not may_talk(state, staff=staff, muted=False):
            return ChatOver
        if not may_talk(state, staff=staff, muted=self.room.muted):
            return ChatClosed
        return None if staff else self._guest_refusal(line.voice)

    def _guest_refusal(self, voice: Voice) -> type[RuleBroken] | None:
        if folded(voice.name) in reserved_names(self.room.merchant_id):
            return NameTaken
        match self._measure(voice):
            case Measure.BAN:
                return Banned
            case Measure.MUTE:
                return Silenced
        slow = self.room.slow_seconds
        if slow and voice.device and too_soon(self._last.get(voice.device), slow, self.now):
            return SlowMode
        return None

    def _measure(self, voice: Voice) -> Measure | None:
        by_device, by_customer = self._measures
        found = [by_device.get(voice.device) if voice.device else None]
        found.append(by_customer.get(voice.customer_id) if voice.customer_id else None)
        return hardest(one for one in found if one)

    def _heard(self, voice: Voice) -> None:
        if self.room.slow_seconds and voice.device:
            self._last[voice.device] = self.now

    @cached_property
    def _measures(self) -> tuple[dict[UUID, Measure], dict[int, Measure]]:
        if not self.has_sanctions:
            return {}, {}
        return measures(
            self.room,
            devices={voice.device for voice in self.guests if voice.device},
            customers={voice.customer_id for voice in self.guests if voice.customer_id},
            now=self.now,
        )

    @cached_property
    def _last(self) -> dict[UUID, datetime]:
        """When each device last said something, or had something held."""
        since = self.now - timedelta(seconds=self.room.slow_seconds)
        devices = {voice.device for voice in self.guests if voice.device}
        found: dict[UUID, datetime] = {}
        for model in (HeldLine, Message):
            rows = model._default_manager.filter(room=self.room, at__gt=since, device__in=devices)
            for device, at in rows.values_list("device").annotate(last=Max("at")).order_by():
                found[device] = max(at, found.get(device, at))
        return found

    @cached_property
    def _answered(self) -> dict[int | None, Message]:
        """The lines that these answer, and that were not taken away."""
        ids = {line.reply_to for line in self.lines if line.reply_to}
        rows = Message.objects.filter(room=self.room, pk__in=ids, hidden=False, kind="say")
        return {message.pk: message for message in rows.select_related("question__room")}

    def _message(
        self, line: Line, text: str, reply_to: Message | None, *, shadowed: bool = False
    ) -> Message:
        return Message(
            room_id=self.room.pk,
            author_name=line.voice.name,
            badge=line.voice.badge,
            staff_id=line.voice.staff_id,
            customer_id=line.voice.customer_id,
            device=line.voice.device,
            text=text,
            reply_to=reply_to,
            client_key=line.key or None,
            shadowed=shadowed,
            at=self.now,
        )

    def _held(self, line: Line, text: str, reply_to: Message | None, word: str) -> HeldLine:
        return HeldLine(
            room_id=self.room.pk,
            author_name=line.voice.name,
            badge=line.voice.badge,
            customer_id=line.voice.customer_id,
            device=line.voice.device,
            text=text,
            reply_to=reply_to,
            word=word,
            client_key=line.key or None,
            at=self.now,
        )
