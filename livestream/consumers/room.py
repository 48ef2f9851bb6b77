"""/ws/live/<room>/ — the edge of a room, for shoppers and for the console.

A bare ASGI application, not a Channels consumer: what goes out comes from the room's hub, so all
that is left here is to let people in, judge the frames they send, and call one verb each.

    origin -> accept -> room and visitor -> enter the hub -> read history -> flow -> frames …
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from livestream import broadcast, errors
from livestream.consumers import door
from livestream.hub import hub_of, let_go
from livestream.hub.frame import gather
from livestream.hub.room import Hub
from livestream.hub.rows import Rows, read
from livestream.hub.seat import Seat
from livestream.models import HeldLine, Message, Room
from livestream.rules.chat import LONGEST_KEY, MOST_LIKES, Bucket
from livestream.rules.moderation import Measure
from livestream.rules.room import PUBLIC, RoomState
from livestream.selectors.moderation import measure_against
from livestream.services.claim import prove
from livestream.services.line import Line, Voice, guest_voice
from merchants.device import device_of
from merchants.errors import RuleBroken
from merchants.models import Customer, Staff

logger = logging.getLogger(__name__)

LARGEST_FRAME = 4 * 1024  # bytes; a longer line of chat is refused with a sentence
LARGEST_MISTAKE = 64 * 1024  # bytes; beyond this it is no mistake any more
FIRST_SIGHT = 50  # lines for who comes without a last id
MOST_MISSED = 300  # lines that who comes back may have missed and still get

_talkers: dict[str, Bucket] = {}  # by device
_rooms: dict[str, tuple[float, Room]] = {}  # by address, for a second


@dataclass
class Visitor:
    """Who sits behind a socket, and how much he may still send."""

    room: Room
    language: str
    session: Any
    user_id: int | None = None
    staff: Staff | None = None
    voice: Voice | None = None
    device: UUID | None = None
    banned: bool = False
    shadowed: bool = False
    frames: Bucket = field(default_factory=lambda: Bucket(size=60, rate=10))
    lines: Bucket = field(default_factory=lambda: Bucket(size=5, rate=1))
    patience: Bucket = field(default_factory=lambda: Bucket(size=150, rate=1))


async def room_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """One socket of one room, from handshake to goodbye."""
    await receive()  # websocket.connect
    if not door.same_origin(scope):
        await send({"type": "websocket.close"})  # before accept: HTTP 403
        return
    await send({"type": "websocket.accept"})
    broadcast.attach()
    visitor = await _admit(scope)
    if visitor is None or visitor.banned:
        code = door.FORBIDDEN if visitor else door.NOT_FOUND
        await send({"type": "websocket.close", "code": code})
        return
    try:
        hub = await hub_of(visitor.room.pk)
    except Exception:
        logger.exception("room %s could not be opened", visitor.room.public_id)
        await send({"type": "websocket.close", "code": door.TRY_AGAIN})
        return
    staff = visitor.staff is not None
    seat = Seat(
        send,
        staff=staff,
        user_id=visitor.user_id if staff else None,
        device=visitor.device.hex if visitor.device and not staff else None,
    )
    hub.enter(seat)  # join first, then read: nothing falls between
    try:
        await _welcome(hub, seat, visitor, _last_id(scope))
        await _serve(hub, seat, visitor, receive)
    finally:
        hub.leave(seat)
        let_go(hub)


# --- coming in ------------------------------------------------------------------------------------


async def _admit(scope: dict[str, Any]) -> Visitor | None:
    """The visitor, or None if this room is not there for him."""
    room = await _room_at(scope["url_route"]["kwargs"]["room"])
    if room is None or room.state == RoomState.BANNED:
        return None
    visitor = Visitor(room, door.language_of(scope), scope["session"])
    if visitor.session.session_key:  # who never had a session is a guest without a name
        user = scope["user"]
        await read(_recognise, visitor, user.pk if user.is_authenticated else None)
    if visitor.staff is None and room.shown_state not in PUBLIC:
        return None
    return visitor


async def _room_at(public_id: str) -> Room | None:
    """The room at an address, read once a second: after a restart all viewers come at once."""
    now = time.monotonic()
    read_at, room = _rooms.get(public_id, (0.0, None))
    if room is None or now - read_at > 1:
        if len(_rooms) > 1_000:
            _rooms.clear()
        room = await read(Room.objects.filter(public_id=public_id).first)
        if room is not None:
            _rooms[public_id] = (now, room)
    return room


def _recognise(visitor: Visitor, user_id: int | None) -> None:
    """Find out whether the visitor works here, and how he speaks."""
    if user_id is not None:
        visitor.user_id = user_id
        visitor.staff = Staff.objects.filter(
            merchant_id=visitor.room.merchant_id, user_id=user_id, user__is_active=True
        ).first()
    if visitor.staff is not None:
        visitor.lines = Bucket(size=20, rate=5)
    elif "device" in visitor.session:
        visitor.device = UUID(visitor.session["device"])
        visitor.lines = _lines_of(str(visitor.device))
        _measure(visitor)
    visitor.voice = _voice_of(visitor)


def _measure(visitor: Visitor) -> None:
    """What the shop has decided about a guest, by device or by customer."""
    device, room = visitor.device, visitor.room
    known = Customer.objects.filter(merchant_id=room.merchant_id, device=device)
    customer = known.values_list("pk", flat=True).first()
    measure = measure_against(room, device=device, customer=customer, now=timezone.now())
    visitor.banned = measure is Measure.BAN
    visitor.shadowed = measure is Measure.SHADOW


def _lines_of(device: str) -> Bucket:
    """One bucket for all sockets of a device, and for those it opens to get a full one."""
    if len(_talkers) > 5_000:
        idle = time.monotonic() - 60
        for known in [known for known, bucket in _talkers.items() if bucket.at < idle]:
            _talkers.pop(known, None)
    return _talkers.setdefault(device, Bucket(size=5, rate=1))


def _voice_of(visitor: Visitor) -> Voice | None:
    """How the visitor speaks; None for a guest who has not chosen a nickname."""
    room, staff, session = visitor.room, visitor.staff, visitor.session
    if staff is not None:
        badge = "host" if staff.pk == room.host_id else "staff"
        return Voice(name=staff.host_name, badge=badge, staff_id=staff.pk)
    if not session.get("nickname"):
        return None
    return guest_voice(room, session["nickname"], _device_of(session))


def _device_of(session: Any) -> UUID:
    known = "device" in session
    device = device_of(session)
    if not known:
        session.save()
    return device


def _last_id(scope: dict[str, Any]) -> int | None:
    """The last chat id that the client has seen, if it says so."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    try:
        last_id = int(query["after"][0])
    except (KeyError, ValueError):
        return None
    return last_id if 0 <= last_id < 2**63 else None


async def _welcome(hub: Hub, seat: Seat, visitor: Visitor, last_id: int | None) -> None:
    """Tell who he is, how the room stands and what he missed; then let frames flow."""
    seat.tell(
        {
            "type": "seat.taken",
            "name": visitor.voice.name if visitor.voice else None,
            "staff": seat.staff,
            "viewers": hub.viewers.total,
            "likes": hub.likes.total,
            "now": timezone.now().isoformat(),
        }
    )
    snapshot = await hub.snapshot()
    if snapshot:
        seat.tell_text(snapshot)
    missed, gap = await _missed(hub, visitor.room.pk, last_id)
    if gap:
        seat.tell({"type": "chat.gap"})
    if missed:
        seat.tell_text(gather(missed))
    if (visitor.shadowed or seat.staff) and last_id is not None:
        device = None if seat.staff else visitor.device
        unseen = await Rows().shadowed_after(visitor.room.pk, last_id, FIRST_SIGHT, device)
        if unseen:
            seat.tell_text(gather(unseen))
    hub.start(seat)


async def _missed(hub: Hub, room_id: int, last_id: int | None) -> tuple[list[str], bool]:
    """The chat lines he has not seen, and whether there were more than we send."""
    await hub.refresh()
    if last_id is None:
        return hub.history.latest(FIRST_SIGHT), False
    remembered = hub.history.after(last_id)
    if remembered is not None:
        return remembered, False
    rows = await Rows().said_after(room_id, last_id, MOST_MISSED + 1)
    return [text for _, text in rows[-MOST_MISSED:]], len(rows) > MOST_MISSED


# --- frames ---------------------------------------------------------------------------------------


async def _serve(hub: Hub, seat: Seat, visitor: Visitor, receive: Any) -> None:
    """Judge what he sends until he goes."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        size = len(text.encode()) if text is not None else len(message.get("bytes") or b"")
        code = await _frame(hub, seat, visitor, text, size)
        if code:
            hub.leave(seat)
            await seat.say_goodbye(code)
            return


async def _frame(hub: Hub, seat: Seat, visitor: Visitor, text: str | None, size: int) -> int:
    """Answer one frame. Returns a close code for who must go, else 0."""
    now = time.monotonic()
    if size > LARGEST_MISTAKE:
        return door.TOO_LARGE
    content = _decoded(text) if size <= LARGEST_FRAME else None
    key = content.get("key") if content else None
    refusal: type[RuleBroken] | None = None
    if size > LARGEST_FRAME:
        refusal = errors.TooLong
    elif content is None:
        refusal = errors.BadFrame
    elif not visitor.frames.take(now):
        refusal = errors.SlowDown
    else:
        refusal = await _act(hub, seat, visitor, content, now)
    if refusal is None:
        return 0
    _refuse(seat, visitor, refusal, key)
    return 0 if visitor.patience.take(now) else door.TOO_MANY


def _decoded(text: str | None) -> dict[str, Any] | None:
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


async def _act(
    hub: Hub, seat: Seat, visitor: Visitor, content: dict[str, Any], now: float
) -> type[RuleBroken] | None:
    """Do what a well-formed frame asks for, or say why not."""
    match content:
        case {"type": "chat.say", "text": str(text), "key": str(key)} if _is_key(key):
            if not visitor.lines.take(now):
                return errors.SlowDown
            reply_to = content.get("reply_to")
            if not (reply_to is None or _is_id(reply_to)):
                return errors.BadFrame
            return await _say(hub, seat, visitor, text, key, reply_to)
        case {"type": "like", "n": int(count)} if 0 < count <= MOST_LIKES and count is not True:
            hub.likes.tap(count)
        case {"type": "play.at", "at": int(playhead)} if _is_id(playhead):
            return _prove(seat, visitor, playhead)
        case {"type": "ping"}:
            seat.tell({"type": "pong"})
        case _:
            return errors.BadFrame
    return None


def _prove(seat: Seat, visitor: Visitor, playhead: int) -> type[RuleBroken] | None:
    """Sign what the player shows; a guest without a device has nothing to prove it for."""
    if visitor.device is None:
        return None
    try:
        token = prove(room=visitor.room, device=visitor.device, playhead_ms=playhead)
    except errors.BadPlayhead:
        return errors.BadPlayhead
    seat.tell({"type": "play.proved", "token": token})
    return None


def _is_key(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and value is not True and 0 < value < 2**63


async def _say(
    hub: Hub, seat: Seat, visitor: Visitor, text: str, key: str, reply_to: int | None
) -> type[RuleBroken] | None:
    if visitor.voice is None:
        visitor.voice = await read(_voice_now, visitor)
    if visitor.voice is None:
        return errors.NicknameNeeded
    try:
        outcome = await hub.scribe.write(Line(visitor.voice, text, key, reply_to))
    except Exception:  # logged by the scribe: a full disk or a lost database
        return errors.NotSaved
    if isinstance(outcome, HeldLine):
        seat.tell({"type": "chat.waits", "key": key})
        return None
    if not isinstance(outcome, Message):
        return outcome
    if outcome.shadowed:  # he hears himself, and nobody else does
        seat.tell_text(broadcast.encode(broadcast.said_event(outcome)))
    seat.tell({"type": "chat.accepted", "key": key, "id": outcome.pk})
    if outcome.entry is not None:
        mine = {"draw": outcome.entry.draw.public_id, "handle": outcome.entry.handle}
        seat.tell({"type": "draw.mine", **mine})
    return None


def _voice_now(visitor: Visitor) -> Voice | None:
    """The voice again, from the session as it is now: she may have just chosen a nickname."""
    key = visitor.session.session_key
    if not key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return _voice_of(replace(visitor, session=store(key)))


def _refuse(seat: Seat, visitor: Visitor, refusal: type[RuleBroken], key: Any) -> None:
    with override(visitor.language):
        event = {"type": "error", "code": refusal.code, "text": str(refusal())}
    if isinstance(key, str) and _is_key(key):  # else it may not even be text
        event["key"] = key
    seat.tell(event)
