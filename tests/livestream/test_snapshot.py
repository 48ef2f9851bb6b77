"""Events and the snapshot say the same, and docs/events.md says which events there are.

What a page is told on arrival (`room.state`), with every event since folded in, is what a page that
arrives now is told: for each type of event that the room hears. What browsers do with it is
tests/journeys/test_same_page.py.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from livestream import broadcast
from livestream.models import Drop, FlashSale, Room
from livestream.rules.room import OVER
from livestream.selectors.room import snapshot
from livestream.services import chat
from livestream.services.claim import allot, claim_fairly
from livestream.services.crew import hand_over
from livestream.services.draw import close_draw, draw_winners, open_draw
from livestream.services.drop import claim_drop, open_drop, withdraw_drop
from livestream.services.entry import enter
from livestream.services.flash import announce_flash, close_flash
from livestream.services.line import Voice
from livestream.services.publication import open_publication
from livestream.services.room import end_room, interrupt_room, pause_room, resume_room
from livestream.services.sale import buy_in_room
from livestream.services.shelf import hide_item, remove_item, set_item, show_item, show_next
from merchants.models import Customer
from merchants.rules.stock import Reason
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from tests.conftest import DAN, person

ROOT = Path(django_settings.BASE_DIR)
DOCS = (ROOT / "docs" / "events.md").read_text()
State = dict[str, Any]

# --- what is documented ---------------------------------------------------------------------------

BETWEEN = ("hub.", "websocket.", "publish.")  # between our processes, of ASGI, in docs/media.md


def documented(*titles: str) -> set[str]:
    """The types of events in the tables below these headings."""
    parts = re.split(r"^#+ ", DOCS, flags=re.M)
    tables = "\n".join(part for part in parts if part.startswith(titles))
    firsts = re.findall(r"^\| (`[^|]+) \|", tables, flags=re.M)
    return {name for first in firsts for name in re.findall(r"`([a-z]+(?:\.[a-z_]+)?)`", first)}


def spoken() -> set[str]:
    """The types of events that the code tells, or hears from browsers."""
    code = "\n".join(path.read_text() for path in (ROOT / "livestream").rglob("*.py"))
    found = set(re.findall(r'"type": "([a-z]+\.[a-z_]+)"', code))
    return {name for name in found if not name.startswith(BETWEEN)} | {*ORDERS, "order.moved"}


ORDERS = set(broadcast.ORDER_EVENTS.values())


def test_every_event_is_in_the_documents_and_none_is_made_up():
    tables = documented("To one viewer", "To everyone", "To staff", "`/ws/dashboard")
    frames = set(re.findall(r'^\| `\{"type": "([a-z.]+)"', DOCS, flags=re.M))
    of_a_rehearsal = {"rehearsal.cut", "rehearsal.over"}
    assert all(f"`{name}`" in DOCS for name in of_a_rehearsal)
    written = {name for name in tables | frames | of_a_rehearsal if "." in name}
    assert written == spoken()


# --- snapshot + events = fresh snapshot -----------------------------------------------------------


def card_of(state: State, event: State) -> None:
    """A card is the pinned item; its stock and price may change under it."""
    if event["type"] == "item.pinned":
        state["card"] = event["card"]
    elif state["card"] and state["card"]["item"] == event["item"]:
        state["card"] |= {name: event[name] for name in event.keys() & state["card"].keys()}


def drops(state: State, event: State) -> None:
    if event["type"] == "drop.closed":
        state["drops"] = [one for one in state["drops"] if one["id"] != event["id"]]
    elif event["type"] == "drop.opened":  # it takes the place of one that is open
        state["drops"] = [event["drop"]]
    else:
        known = [one["id"] == event["drop"]["id"] for one in state["drops"]]
        state["drops"] = [event["drop"]] if any(known) else state["drops"]


def flash(state: State, event: State) -> None:
    mine = event.get("id") or event["sale"]["id"]
    others = [one for one in state["flash"] if one["id"] != mine]
    state["flash"] = others + ([event["sale"]] if event["type"] == "flash.changed" else [])


def draw(state: State, event: State) -> None:
    if event["type"] == "draw.entered":
        assert state["draw"]["id"] == event["id"]
        state["draw"]["entries"] = event["entries"]
    else:
        state["draw"] = event["draw"]


def moved(state: State, event: State) -> None:
    """Of a show that is over nothing can be had any more: browsers load its other page."""
    state["state"] = event["state"]
    if event["state"] in OVER:
        state.update(card=None, drops=[], flash=[])


def put(name: str, field: str) -> Callable[[State, State], None]:
    return lambda state, event: state.update({name: event[field]})


def paced(state: State, event: State) -> None:
    state.update(slow=event["slow"], holds=event["holds"])


FOLD: dict[str, Callable[[State, State], None]] = {
    "chat.paced": paced,
    "chat.muted": put("muted", "muted"),
    "note.pinned": put("pinned", "text"),
    "item.pinned": card_of,
    "stock.changed": card_of,
    **dict.fromkeys(("drop.opened", "drop.claimed", "drop.allotted", "drop.closed"), drops),
    **dict.fromkeys(("flash.changed", "flash.closed"), flash),
    **dict.fromkeys(("draw.opened", "draw.entered", "draw.closed", "draw.drawn"), draw),
    "room.moved": moved,
    "picture.moved": put("picture", "picture"),
    "host.changed": put("host", "name"),
    "likes.counted": put("likes", "total"),
}
# Rows of the chat resume by id; the shelf is fetched; the rest is said once and shown by no page
# that comes later.
NOT_STATE = {
    "chat.said",
    "chat.hidden",
    "shelf.changed",
    "sale.made",
    "viewers.counted",
    "replay.ready",
}


def test_each_event_to_everyone_is_folded_or_is_no_state():
    assert FOLD.keys() | NOT_STATE == documented("To everyone in the room")
    assert not FOLD.keys() & NOT_STATE


class Listener:
    """A page that arrived once and has only heard events since."""

    fold = FOLD
    staff = False  # whether it is what the staff alone are told

    def __init__(self, room: Room, commits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room, self.commits = room, commits
        self.folded: set[str] = set()
        self.heard: list[State] = []
        monkeypatch.setattr(broadcast, "_send", self._hear)
        self.state = self.fresh()

    def fresh(self) -> State:
        found = snapshot(Room.objects.select_related("merchant", "host").get(pk=self.room.pk))
        told: State = json.loads(broadcast.encode({**found, "now": ""}))
        return told

    def _hear(self, group: str, message: State) -> None:
        """At the door of the channel layer; what hubs sum up comes as they would tell it."""
        if group != broadcast.room_group(self.room.pk):
            return
        match message:
            case {"type": "hub.events", "events": list(events)}:
                self.heard += [
                    json.loads(text) for text, staff, _id in events if staff is self.staff
                ]
            case {"type": "hub.entered", "draw": str(name), "entries": int(entries)} if (
                not self.staff
            ):
                self.heard.append({"type": "draw.entered", "id": name, "entries": entries})

    def after(self, verb: Callable[..., Any], **details: Any) -> Any:
        """Do it, and compare."""
        with self.commits(execute=True):
            done = verb(**details)
        for event in self.heard:
            self.folded.add(event["type"])
            self.fold.get(event["type"], lambda state, event: None)(self.state, event)
        kinds = [event["type"] for event in self.heard]
        self.heard.clear()
        assert self.state == self.fresh(), kinds
        return done


@pytest.fixture
def listener(live, django_capture_on_commit_callbacks, monkeypatch) -> Listener:
    return Listener(live, django_capture_on_commit_callbacks, monkeypatch)


def now_of(room: Room) -> Room:
    return Room.objects.select_related("merchant", "host").get(pk=room.pk)


def guest(room: Room) -> Customer:
    return Customer.objects.create(merchant=room.merchant, device=uuid.uuid4())


def the_talk(listener: Listener, live: Room) -> None:
    line = listener.after(
        chat.say, room=live, voice=Voice("Mei", device=uuid.uuid4()), text="包邮吗"
    )
    listener.after(chat.pin, room=live, text=line.text)
    listener.after(chat.hide, message=line)  # it goes from the top of the chat as well
    listener.after(chat.pin, room=live, text="全场包邮")
    listener.after(chat.mute, room=live, muted=True)
    listener.after(chat.mute, room=live, muted=False)
    listener.after(chat.pace, room=live, slow_seconds=5, holds_chat=True)


def the_goods(listener: Listener, live: Room, store: Any) -> None:
    first, second = live.items.select_related("product").order_by("position")
    variant = first.product.variants.get()
    stock = {"variant": variant, "store": store, "by": None}
    listener.after(
        change_stock, **stock, delta=-1, reason=Reason.COUNTER_SALE
    )  # nothing is shown yet
    listener.after(show_item, room=live, item=first)
    listener.after(change_stock, **stock, delta=-7, reason=Reason.COUNTER_SALE)  # few are left
    listener.after(change_stock, **stock, delta=-2, reason=Reason.COUNTER_SALE)  # sold out
    listener.after(change_stock, **stock, delta=30, reason=Reason.RECEIVED)
    listener.after(set_item, item=first, live_price=12900, notes="")
    words = {"product": first.product, "merchant": live.merchant, "name": "雨前龙井"}
    words["version"] = first.product.version
    same = VariantData(id=variant.pk, name="", sku=variant.sku, price=variant.price)
    listener.after(save_product, **words, variants=[same])
    listener.after(show_next, room=live)
    listener.after(change_stock, **stock, delta=-1, reason=Reason.COUNTER_SALE)  # of another item
    listener.after(remove_item, item=second)
    listener.after(show_item, room=live, item=first)
    listener.after(hide_item, room=live)


def the_offers(listener: Listener, live: Room, coupon: Any) -> None:
    drop = listener.after(open_drop, room=live, coupon=coupon, minutes=5)
    listener.after(claim_drop, drop=drop, customer=guest(live))
    coupon.refresh_from_db()
    listener.after(open_drop, room=live, coupon=coupon, minutes=9)
    listener.after(withdraw_drop, drop=Drop.objects.latest("pk"))
    fair = listener.after(open_drop, room=live, coupon=coupon, minutes=5, fair=True)
    mei = guest(live)
    listener.after(claim_fairly, drop=fair, customer=mei, device=mei.device)
    listener.after(allot, drop=Drop.objects.get(pk=fair.pk))
    item = live.items.select_related("product").first()
    assert item is not None
    variant = item.product.variants.get()
    listener.after(show_item, room=live, item=item)
    facts = {"price": 9900, "quota": 3, "per_buyer": 2, "warm_up": 10, "minutes": 5}
    listener.after(announce_flash, room=live, item=item, variant=variant, **facts)


def the_flash_is_bought(listener: Listener, live: Room) -> None:
    then = timezone.now() - timedelta(seconds=30)
    FlashSale.objects.update(announced_at=then, starts_at=then + timedelta(seconds=10))
    listener.state = listener.fresh()  # the clock was turned, and nobody is told of that
    sale = FlashSale.objects.get()
    order = {"basket": {sale.variant_id: 2}, "voucher": None, "expected_total": 2 * 9900}
    buyer = {"customer": guest(live), "device": uuid.uuid4(), "contact": DAN, "language": "en"}
    listener.after(buy_in_room, room=live, **order, **buyer)
    listener.after(close_flash, sale=FlashSale.objects.get())


def the_draw(listener: Listener, live: Room, host: Any) -> None:
    terms = {"prize": "茶点", "winners": 1, "minutes": 5, "entry_by": "follow"}
    lots = listener.after(open_draw, room=live, by=host, **terms)
    for _ in range(3):
        listener.after(enter, draw=lots, customer=guest(live), name="沈梅")
    listener.after(close_draw, draw=lots)
    lots.refresh_from_db()
    listener.after(draw_winners, draw=lots)
    listener.after(open_draw, room=live, by=host, **terms)


def the_show(listener: Listener, live: Room, colleague: Any, settings: Any) -> None:
    settings.LIVE_PROVIDER, settings.LIVE_HLS_URL = "nginx_rtmp", "/elsewhere"
    for verb in (pause_room, resume_room, interrupt_room, resume_room):
        listener.after(verb, room=now_of(live))
    listener.after(hand_over, room=now_of(live), to=colleague)
    camera = {"publisher": uuid.uuid4(), "by": None, "takeover": True}
    server = {"provider": "nginx_rtmp", "session": "s1/1"}
    listener.after(open_publication, room=now_of(live), **camera, **server)
    listener.after(end_room, room=now_of(live))


def test_what_was_heard_is_what_a_newcomer_is_told(
    listener, live, host, store, coupon, shop, settings
):
    ning = person("ning@example.com", "Ning")
    colleague = shop.staff.create(user=ning, role=1, host_name="小宁")
    the_talk(listener, live)
    the_goods(listener, live, store)
    the_offers(listener, live, coupon)
    the_flash_is_bought(listener, live)
    the_draw(listener, live, host)
    the_show(listener, live, colleague, settings)
    assert FOLD.keys() - listener.folded == {"likes.counted"}  # the hubs count them: test_hub.py


def test_a_page_that_missed_an_event_would_be_found_out(listener, live):
    listener.heard = []
    with listener.commits(execute=True):
        chat.mute(room=live, muted=True)
    listener.heard.clear()  # lost on the way
    with pytest.raises(AssertionError):
        listener.after(chat.pin, room=live, text="a")
