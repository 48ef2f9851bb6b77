"""The verbs of the chat. Row first, then push: what was acknowledged is in history once (P10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from livestream import broadcast
from livestream.errors import BadPace, ChatOver, NothingSaid
from livestream.models import HeldLine, Message, Room
from livestream.rules.chat import LONGEST, LONGEST_PINNED, clean, may_talk
from livestream.rules.moderation import SLOWEST, Measure
from livestream.rules.room import RoomState
from livestream.selectors.moderation import measure_against
from livestream.selectors.moment import Moment, moment_of
from livestream.services.entry import enter_by_comment
from livestream.services.line import Judge, Line, Outcome, Voice
from livestream.services.question import answer_by_reply, drop_unseen, fold_questions
from merchants.errors import KeyReused, Taken
from merchants.models import Staff

Known = Message | HeldLine


def say(
    *,
    room: Room,
    voice: Voice,
    text: str,
    key: str | None = None,
    reply_to: int | None = None,
) -> Message | HeldLine:
    """Add one line to the chat and show it to everyone; one that must wait is held instead.

    With a `key` that was used before by the same person, the line of that time is returned.
    Raises NothingSaid, TooLong, ChatClosed, ChatOver, Silenced, SlowMode, BadReply, NameTaken for a
    guest who calls himself like the shop or its staff, or KeyReused for another person's key.
    """
    outcome = say_all(room_id=room.pk, lines=[Line(voice, text, key, reply_to)])[0]
    if isinstance(outcome, Message | HeldLine):
        return outcome
    raise outcome


@transaction.atomic
def say_all(*, room_id: int, lines: Sequence[Line]) -> list[Outcome]:
    """Add the lines of one moment in one transaction, and tell what became of each.

    The room's row is locked, so ids rise in the order of commits and nobody who resumes from the
    last id he saw can miss one that was committed later.
    """
    room = _locked(room_id)
    moment = moment_of(room_id)
    judge = Judge(room, lines, timezone.now(), has_sanctions=moment.has_sanctions)
    known = _known(room_id, lines, has_held=moment.has_held)
    outcomes: list[Outcome] = []
    fresh: list[Known] = []
    for line in lines:
        if line.key and line.key in known:
            outcomes.append(_again(known[line.key], line))
            continue
        outcome = judge.outcome(line)
        outcomes.append(outcome)
        if isinstance(outcome, Message | HeldLine):
            fresh.append(outcome)
            if line.key:
                known[line.key] = outcome
    _write(room, fresh, judge.now, moment)
    return outcomes


def _locked(room_id: int) -> Room:
    return (
        Room.objects.select_for_update(of=("self",), no_key=True)
        .only("state", "scheduled_at", "muted", "merchant", "slow_seconds", "holds_chat")
        .get(pk=room_id)
    )


def _known(room_id: int, lines: Sequence[Line], *, has_held: bool) -> dict[str, Known]:
    """What was written under these keys before. A line once held is known as what it became."""
    keys = {line.key for line in lines if line.key}
    if not keys:
        return {}
    said = Message.objects.filter(room_id=room_id, client_key__in=keys).order_by()
    found: dict[str, Known] = {str(one.client_key): one for one in said}
    if has_held:
        held = HeldLine.objects.filter(room_id=room_id, client_key__in=keys, message=None)
        found |= {str(one.client_key): one for one in held}
    return found


def _again(known: Known, line: Line) -> Outcome:
    staff_id = known.staff_id if isinstance(known, Message) else None
    same = (known.device, staff_id) == (line.voice.device, line.voice.staff_id)
    return known if same else KeyReused


def _write(room: Room, fresh: Sequence[Known], now: datetime, moment: Moment) -> None:
    said = [one for one in fresh if isinstance(one, Message)]
    held = [one for one in fresh if isinstance(one, HeldLine)]
    fold_questions(room=room, item=moment.item, messages=said)
    Message.objects.bulk_create(said)
    answer_by_reply(messages=said)
    if moment.has_draw:
        enter_by_comment(room=room, messages=said, now=now)
    HeldLine.objects.bulk_create(held)
    broadcast.chat_messages(room.pk, [one for one in said if not one.shadowed])
    broadcast.chat_shadowed(room, [one for one in said if one.shadowed])
    broadcast.chat_held(room, held)


@transaction.atomic
def announce(*, room: Room, text: str, kind: str = "system") -> Message:
    """Add a line that nobody said: a system line, or a notice of the host."""
    _locked(room.pk)
    now = timezone.now()  # once the row is ours: ids rise in time
    message = Message.objects.create(room=room, kind=kind, text=clean(text)[:LONGEST], at=now)
    broadcast.chat_message(message)
    return message


@transaction.atomic
def give_notice(*, room: Room, text: str) -> Message:
    """The shop announces something: a line of the chat that stands out, whoever works the console.

    Raises NothingSaid, or ChatOver where nobody would hear it.
    """
    if not clean(text):
        raise NothingSaid
    if not may_talk(_locked(room.pk).state, staff=True, muted=False):
        raise ChatOver
    return announce(room=room, text=text, kind="notice")


@transaction.atomic
def approve(*, held: HeldLine, by: Staff) -> Message:
    """Let a held line through: it is said now, by whoever wrote it. Raises Taken or ChatOver."""
    room = _locked(held.room_id)
    if not may_talk(room.shown_state, staff=False, muted=False):
        raise ChatOver
    now = timezone.now()
    _judge_held(held, by)
    measure = measure_against(room, device=held.device, customer=held.customer_id, now=now)
    message = Message.objects.create(
        room_id=held.room_id,
        author_name=held.author_name,
        badge=held.badge,
        customer_id=held.customer_id,
        device=held.device,
        text=held.text,
        reply_to_id=held.reply_to_id,
        client_key=held.client_key,
        shadowed=measure is Measure.SHADOW,
        at=now,
    )
    fold_questions(room=held.room, item=moment_of(room.pk).item, messages=[message])
    message.save(update_fields=["question"])
    HeldLine.objects.filter(pk=held.pk).update(message=message)
    if message.shadowed:
        broadcast.chat_shadowed(held.room, [message])
    else:
        broadcast.chat_message(message)
    enter_by_comment(room=held.room, messages=[message], now=now)
    return message


@transaction.atomic
def dismiss(*, held: HeldLine, by: Staff) -> None:
    """A held line is not said. Raises Taken."""
    _judge_held(held, by)


def _judge_held(held: HeldLine, by: Staff) -> None:
    open_ = HeldLine.objects.filter(pk=held.pk, judged_at=None)
    if not open_.update(judged_at=timezone.now(), judged_by=by):
        raise Taken
    broadcast.chat_judged(held)


@transaction.atomic
def hide(*, message: Message) -> Message:
    """Take a line away everywhere: also as a quote, as a question and from the top of the chat. Its
    row stays for the record. Raises Taken.
    """
    if not Message.objects.filter(pk=message.pk, hidden=False).update(hidden=True):
        raise Taken
    message.hidden = True
    broadcast.chat_hidden(message)
    drop_unseen(message=message)
    above = message.text[:LONGEST_PINNED]
    if Room.objects.filter(pk=message.room_id, pinned=above).update(pinned=""):
        message.room.pinned = ""
        broadcast.note_pinned(message.room)
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
def pace(*, room: Room, slow_seconds: int, holds_chat: bool) -> Room:
    """How long each guest waits between two lines (0: not), and whether all lines wait for
    approval. Staff are exempt from both. Raises BadPace.
    """
    if not 0 <= slow_seconds <= SLOWEST:
        raise BadPace
    Room.objects.filter(pk=room.pk).update(slow_seconds=slow_seconds, holds_chat=holds_chat)
    room.slow_seconds, room.holds_chat = slow_seconds, holds_chat
    broadcast.chat_paced(room, quiet=room.state == RoomState.REHEARSING)
    return room


@transaction.atomic
def pin(*, room: Room, text: str) -> Room:
    """Pin a line above the chat; an empty one clears it."""
    _unheard(room)
    room.pinned = clean(text)[:LONGEST_PINNED]
    Room.objects.filter(pk=room.pk).update(pinned=room.pinned)
    broadcast.note_pinned(room)
    return room


def _unheard(room: Room) -> None:
    """In a rehearsal nobody is told anything. Raises ChatOver."""
    if Room.objects.filter(pk=room.pk, state=RoomState.REHEARSING).exists():
        raise ChatOver
