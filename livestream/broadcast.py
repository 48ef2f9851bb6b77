"""The only module that talks to the channel layer: who hears, and what they hear.

Two audiences: everyone in a room (`tell`, heard by the room's hubs) and a merchant's staff
(`tell_merchant`, heard by dashboards). Every function speaks after commit, from any thread, and
never fails its caller: rows are the truth, and a client that missed a push resumes by its last id.
A dead or hanging layer is given two seconds in the background, then left alone for a while; viewers
of this process still hear (P13). docs/events.md lists the events.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

if TYPE_CHECKING:
    from livestream.models import Draw, HeldLine, Message, Question, Room, Sanction, ShelfItem
    from livestream.rules.price import Offer
    from merchants.models import Merchant, Notification, User
    from orders.models import Order

logger = logging.getLogger(__name__)

Event = dict[str, Any]
Ear = Callable[[dict[str, Any]], None]

PATIENCE = 2.0  # seconds a layer may take before it counts as dead
REST = 5.0  # seconds a dead layer is left alone
ORDER_EVENTS = {"pending_payment": "order.placed", "paid": "order.paid"}
RENEW = 3_600.0  # seconds after which a subscription is repeated: the in-memory one lasts a day

_home: asyncio.AbstractEventLoop | None = None  # the loop that the sockets of this process live on
_ears: dict[str, Ear] = {}  # hubs of this process, for when the layer is dead
_tasks: set[asyncio.Task[None]] = set()  # asyncio keeps only weak references
_resting_until = 0.0
_deaf_since = 0.0  # when the layer began to take nothing


# --- audiences ------------------------------------------------------------------------------------


def room_group(room_id: int) -> str:
    """The group of every hub of a room: one per process."""
    return f"room.{room_id}"


def merchant_group(merchant_id: int) -> str:
    """The group of every open dashboard of a merchant."""
    return f"merchant.{merchant_id}"


def tell(room: Room, event: Event, *, staff: bool = False) -> None:
    """Tell everyone in a room, or only its staff."""
    _after_commit(room_group(room.pk), _hub_events([(event, staff, 0)]))


def tell_merchant(merchant: Merchant, event: Event) -> None:
    """Tell every open dashboard of a merchant."""
    _tell_merchant(merchant.pk, [_plain(event)])


def _tell_merchant(merchant_id: int, events: list[Event]) -> None:
    """Events of JSON types alone; several in one message, of which a process that knows only
    `event` hears the first."""
    said = {"type": "tell", "event": events[0], "more": events[1:]}
    _after_commit(merchant_group(merchant_id), said)


# --- chat -----------------------------------------------------------------------------------------


def said_event(message: Message) -> Event:
    """A chat line as browsers get it. Text is text: they never read it as HTML."""
    return {
        "type": "chat.said",
        "id": message.pk,
        "kind": message.kind,
        "name": message.author_name,
        "badge": message.badge,
        "text": message.text,
        "reply": _reply(message.reply_to),
        "asks": message.question_id,
        "at": message.at,
    }


def _reply(message: Message | None) -> Event | None:
    """What a line answers, as much of it as is shown."""
    if message is None or message.hidden:
        return None
    return {"id": message.pk, "name": message.author_name, "text": message.text[:60]}


def unquoted(text: str, message_id: int) -> str:
    """An encoded line without its quote, if it quotes this message; else as it is."""
    if f'"reply":{{"id":{message_id},' not in text:
        return text
    return encode({**json.loads(text), "reply": None})


def chat_message(message: Message) -> None:
    """Show a new chat line to everyone, including the person who wrote it."""
    chat_messages(message.room_id, [message])


def chat_messages(room_id: int, messages: Iterable[Message]) -> None:
    """Show several new lines of one room, in the order of their ids."""
    events = [(said_event(message), False, message.pk) for message in messages]
    if events:
        _after_commit(room_group(room_id), _hub_events(events))


def chat_hidden(message: Message) -> None:
    """Take a line away again everywhere."""
    event = {"type": "chat.hidden", "id": message.pk}
    _after_commit(room_group(message.room_id), _hub_events([(event, False, -message.pk)]))


def chat_shadowed(room: Room, messages: Iterable[Message]) -> None:
    """Staff see what a shadow banned guest says; nobody else does."""
    for message in messages:
        tell(room, {**said_event(message), "shadowed": True}, staff=True)


def chat_held(room: Room, lines: Iterable[HeldLine]) -> None:
    """Staff see what waits for their approval."""
    for line in lines:
        event = {"type": "chat.held", "id": line.pk, "name": line.author_name, "text": line.text}
        tell(room, {**event, "word": line.word, "at": line.at}, staff=True)


def chat_judged(line: HeldLine) -> None:
    """It waits no longer."""
    tell(line.room, {"type": "chat.judged", "id": line.pk}, staff=True)


def chat_paced(room: Room, *, quiet: bool = False) -> None:
    """Slow mode, and whether lines wait for approval; `quiet`: told to the staff alone."""
    event = {"type": "chat.paced", "slow": room.slow_seconds, "holds": room.holds_chat}
    tell(room, event, staff=quiet)


def question_changed(question: Question) -> None:
    """The inbox of the staff: asked, taken by a colleague, left, answered or put aside."""
    event = {
        "type": "question.changed",
        "id": question.pk,
        "item": question.item_id,
        "text": question.text,
        "asked": question.asked,
        "state": question.state,
        "by": question.taken_by_id,
        "until": question.taken_until,
    }
    tell(question.room, event, staff=True)


def sanctioned(sanction: Sanction, room: Room) -> None:
    """Staff hear of a measure; who is banned is sent out of the rooms that are on."""
    event = {"type": "guest.sanctioned", "name": sanction.name, "measure": sanction.measure}
    tell(room, event, staff=True)
    if sanction.measure != "ban":
        return
    known = [sanction.device, sanction.customer.device if sanction.customer else None]
    devices = {device for device in known if device is not None}
    rooms = sanction.merchant.rooms
    for room_id in (rooms.on_air() | rooms.waiting()).values_list("pk", flat=True):
        for device in devices:
            _after_commit(room_group(room_id), {"type": "hub.dismiss", "device": device.hex})


def chat_muted(room: Room) -> None:
    """Say whether guests may write now."""
    tell(room, {"type": "chat.muted", "muted": room.muted})


def note_pinned(room: Room) -> None:
    """Show or clear the line pinned above the chat."""
    tell(room, {"type": "note.pinned", "text": room.pinned})


# --- the show -------------------------------------------------------------------------------------


def room_moved(room: Room, *, quiet: bool = False, **more: Any) -> None:
    """The room went live, paused, was interrupted, ended …; nobody may stay in a banned one.

    A `quiet` move, that of a rehearsal, is told to the shop alone.
    """
    event = {"type": "room.moved", "room": room.public_id, "state": room.state, **more}
    tell_merchant(room.merchant, event)
    if not quiet:
        tell(room, event)
    if room.state in {"banned", "draft"}:
        _after_commit(room_group(room.pk), {"type": "hub.dismiss", "user": None})


def picture_moved(room: Room, picture: Event) -> None:
    """The picture comes from elsewhere: another device, through another server."""
    tell(room, {"type": "picture.moved", "picture": picture})


def host_changed(room: Room) -> None:
    """Another colleague is the host."""
    tell(room, {"type": "host.changed", "name": room.host_name})
    tell(room, {"type": "crew.changed", "host": room.host_id, "backup": room.backup_id}, staff=True)


def pinned(room: Room, card: Event | None) -> None:
    """Show the card of the item that is being explained, or take it away."""
    tell(room, {"type": "item.pinned", "card": card})


def shelf_changed(room: Room) -> None:
    """Goods, prices or their order changed: pages fetch the shelf again."""
    tell(room, {"type": "shelf.changed"})


def drop_opened(room: Room, drop: Event) -> None:
    """A coupon may be claimed in the room from now on."""
    tell(room, {"type": "drop.opened", "drop": drop})


def drop_claimed(room: Room, drop: Event) -> None:
    """How many copies are gone."""
    tell(room, {"type": "drop.claimed", "drop": drop})


def drop_allotted(room: Room, drop: Event, won: list[str] | None) -> None:
    """The copies of a fair drop are given out: to the claims with these marks."""
    tell(room, {"type": "drop.allotted", "drop": drop, "won": won})


def drop_closed(room: Room, drop_id: str) -> None:
    """A coupon may no longer be claimed."""
    tell(room, {"type": "drop.closed", "id": drop_id})


def flash_changed(room: Room, sale: Event) -> None:
    """A flash sale was announced, or pieces of it are gone."""
    tell(room, {"type": "flash.changed", "sale": sale})


def flash_closed(room: Room, sale_id: str) -> None:
    """Its price holds no more."""
    tell(room, {"type": "flash.closed", "id": sale_id})


def draw_opened(room: Room, draw: Event) -> None:
    """A draw may be entered from now on."""
    tell(room, {"type": "draw.opened", "draw": draw})


def draw_entered(draw: Draw) -> None:
    """How many take part: the hubs tell it twice a second at most, however many come."""
    message = {"type": "hub.entered", "draw": draw.public_id, "entries": draw.entry_count}
    _after_commit(room_group(draw.room_id), message)


def draw_closed(room: Room, draw: Event) -> None:
    """Nobody enters any more."""
    tell(room, {"type": "draw.closed", "draw": draw})


def draw_drawn(room: Room, draw: Event) -> None:
    """Who has won: masked names, and the marks by which each knows herself."""
    tell(room, {"type": "draw.drawn", "draw": draw})


def prize_claimed(room: Room, draw_id: str) -> None:
    """Staff see that a winner has left her address."""
    tell(room, {"type": "prize.claimed", "id": draw_id}, staff=True)


def stock_changed(room: Room, item: ShelfItem, offer: Offer) -> None:
    """How many pieces of a shelf item are free, and what the cheapest of them costs."""
    tell(room, {"type": "stock.changed", "item": item.pk, **asdict(offer)})


def sale_made(room: Room, name: str, product: str, buyer: int) -> None:
    """Somebody bought: a masked name and what. The hubs tell it, at most every five seconds.

    `buyer` counts people between the hubs and goes no further.
    """
    message = {"type": "hub.sold", "name": name, "product": product, "buyer": buyer}
    _after_commit(room_group(room.pk), message)


def rehearsal_changed(room: Room) -> None:
    """The shop's own devices look again at a rehearsal. It says nothing, and nobody else hears."""
    tell(room, {"type": "rehearsal.changed"}, staff=True)


# --- staff ----------------------------------------------------------------------------------------


def order_changed(order: Order, room: Room | None) -> None:
    """An order took a step."""
    orders_changed([(order, room)])


def orders_changed(changes: Iterable[tuple[Order, Room | None]]) -> None:
    """Orders came in or took a step: dashboards hear, and the staff of the rooms they came from.

    `store` is for the socket's own eyes: what is collected there concerns those who serve it. In a
    room nobody looks who serves what: of a collected one its staff hear only that there is news.
    """
    heard: dict[int, list[tuple[Event, bool, int]]] = {}
    told: dict[int, list[Event]] = {}
    for order, room in changes:
        event = _order_event(order, room)
        told.setdefault(order.merchant_id, []).append({**event, "store": order.store_id})
        if room is not None:
            heard.setdefault(room.pk, []).append(({**event, **_hidden(order)}, True, 0))
    for merchant_id, news in told.items():
        _tell_merchant(merchant_id, news)
    for room_id, events in heard.items():
        _after_commit(room_group(room_id), _hub_events(events))


def _order_event(order: Order, room: Room | None) -> Event:
    return {
        "type": ORDER_EVENTS.get(order.state, "order.moved"),
        "number": order.number,
        "state": order.state,
        "total": order.total,
        "currency": order.currency,
        "name": order.name,
        "room": room.public_id if room else None,
    }


def _hidden(order: Order) -> Event:
    return dict.fromkeys(("number", "total", "name")) if order.store_id else {}


def order_touched(order: Order) -> None:
    """Something about an order changed, but not its state: pages that show it ask again."""
    event = {"type": "order.moved", "number": order.number, "state": order.state}
    money = {"total": order.total, "currency": order.currency}
    about = {"name": order.name, "room": None, "store": order.store_id}
    tell_merchant(order.merchant, event | money | about)


def notice_created(notification: Notification) -> None:
    """The bell of the dashboard rings; each page hears the subject in its reader's language.

    `stores` is for the socket's own eyes: none, or those whose staff it concerns.
    """
    event = {
        "type": "notice.created",
        "id": notification.pk,
        "kind": notification.kind,
        "subjects": {name: said[0] for name, said in notification.words.items()},
        "subject": notification.subject,
        "path": notification.path,
        "stores": list(notification.stores.values_list("pk", flat=True)),
    }
    tell_merchant(notification.merchant, event)


def staff_removed(merchant: Merchant, user: User) -> None:
    """Close the sockets that a removed member of staff still has open (P15)."""
    event = {"type": "staff.removed", "user": user.pk}
    _after_commit(merchant_group(merchant.pk), {"type": "tell", "event": event})
    for room_id in merchant.rooms.on_air().values_list("pk", flat=True):
        _after_commit(room_group(room_id), {"type": "hub.dismiss", "user": user.pk})


# --- between hubs ---------------------------------------------------------------------------------


def liked(room_id: int, count: int, node: str) -> None:
    """Tell the hubs of other processes how many likes were tapped in this one."""
    _send(room_group(room_id), {"type": "hub.liked", "count": count, "node": node})


def counted(room_id: int, viewers: int, marks: bytes, node: str) -> None:
    """Tell the hubs of other processes how many watch in this one, and marks of their devices."""
    told = {"type": "hub.counted", "viewers": viewers, "marks": marks, "node": node}
    _send(room_group(room_id), told)


def unheard() -> float:
    """Seconds since the layer first refused a word and has taken none since; 0 while it listens."""
    return time.monotonic() - _deaf_since if _deaf_since else 0.0


# --- the layer ------------------------------------------------------------------------------------


def attach() -> None:
    """Remember the running loop as the one that sockets live on. Every socket calls it first.

    InMemoryChannelLayer keeps queues of that loop and is not thread-safe: whoever speaks from a
    thread has to hop onto it.
    """
    global _home
    _home = asyncio.get_running_loop()


async def subscription(
    room_id: int, subscribed: asyncio.Event, ear: Ear
) -> AsyncGenerator[dict[str, Any], None]:
    """Everything told to a room from now on. `subscribed` is set once nothing can be missed."""
    layer = get_channel_layer()
    group = room_group(room_id)
    _ears[group] = ear
    channel = ""
    try:
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        subscribed.set()
        renew_at = time.monotonic() + RENEW
        while True:
            yield await layer.receive(channel)
            if time.monotonic() > renew_at:
                await layer.group_add(group, channel)
                renew_at = time.monotonic() + RENEW
    finally:
        _ears.pop(group, None)
        if channel:
            _spawn(_discard(group, channel))


async def _discard(group: str, channel: str) -> None:
    try:
        await asyncio.wait_for(get_channel_layer().group_discard(group, channel), PATIENCE)
    except Exception:
        logger.info("could not leave %s", group, exc_info=True)


def _hub_events(events: Iterable[tuple[Event, bool, int]]) -> dict[str, Any]:
    """Events encoded once, here, for every viewer of every process."""
    return {
        "type": "hub.events",
        "events": [[encode(event), staff, chat_id] for event, staff, chat_id in events],
    }


def encode(event: Event) -> str:
    """An event as compact JSON."""
    return json.dumps(event, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def _plain(event: Event) -> Event:
    """Only JSON types: other layers pack messages with msgpack."""
    return json.loads(json.dumps(event, cls=DjangoJSONEncoder))


def _after_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(partial(_send, group, message), robust=True)


def _send(group: str, message: dict[str, Any]) -> None:
    """Hand a message over and return at once; nothing it meets reaches the caller."""
    try:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            _spawn(_deliver(group, message))
            return
        if _home is not None and _home.is_running():
            asyncio.run_coroutine_threadsafe(_deliver(group, message), _home)
        elif not isinstance(get_channel_layer(), InMemoryChannelLayer):
            async_to_sync(_deliver)(group, message)
        # else: no socket was ever opened in this process, and no other process can hear
    except Exception:
        logger.warning("nobody could be told in %s", group, exc_info=True)


def _spawn(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _deliver(group: str, message: dict[str, Any]) -> None:
    global _resting_until, _deaf_since
    if time.monotonic() >= _resting_until:
        try:
            layer = get_channel_layer()
            if isinstance(layer, InMemoryChannelLayer):
                await layer.group_send(group, message)
            else:
                await asyncio.wait_for(layer.group_send(group, message), PATIENCE)
        except Exception:
            _resting_until = time.monotonic() + REST
            _deaf_since = _deaf_since or time.monotonic()
            logger.warning(
                "the channel layer does not answer; telling this process only", exc_info=True
            )
        else:
            _deaf_since = 0.0
            return
    if group in _ears:
        _ears[group](message)
