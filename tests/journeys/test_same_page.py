"""The page that heard every event shows what a fresh page shows, with and without scripts.

After each thing that may happen in a room three pages are compared: one that has been open from the
beginning and only heard events; a fresh one; and one without scripts, as the server wrote it.
"""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, WebSocket

from livestream.models import Drop, FlashSale, Message, Room, ShelfItem
from livestream.services.chat import announce, hide, mute, pin, say
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
from livestream.services.shelf import (
    add_to_shelf,
    hide_item,
    place_item,
    remove_item,
    set_item,
    show_item,
    show_next,
)
from merchants.models import Customer, Product, Staff, Store, Variant
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import Coupon
from tests.conftest import DAN, person, product_of
from tests.journeys.browser import Troubles, chromium, desk
from tests.servers import Server, database_url, redis, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("alone"),
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed"),
]
SHOWN = Path(__file__).with_name("same_page.js").read_text()
PATIENCE = 12.0  # seconds until an event must show


@pytest.fixture
def house(transactional_db, tmp_path, settings) -> Iterator[Server]:
    """A server that hears what the verbs of this process tell: Redis is between them."""
    words = {"LIVE_PROVIDER": "nginx_rtmp", "LIVE_HLS_URL": "/elsewhere"}
    settings.LIVE_PROVIDER, settings.LIVE_HLS_URL = words["LIVE_PROVIDER"], words["LIVE_HLS_URL"]
    with (
        redis() as (url, _process),
        running(tmp_path / "server", database_url(), REDIS_URL=url, **words) as server,
    ):
        layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": layer, "CONFIG": {"hosts": [url]}}}
        yield server


def act(verb: Callable[..., Any], **details: Any) -> Any:
    """Call a verb as a request would: in a thread without a loop."""
    done: list[Any] = []

    def call() -> None:
        try:
            done.append(verb(**details))
        except Exception as trouble:
            done.append(trouble)
        finally:
            connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


class Witness:
    """The page that stays open, with the types of events that it heard."""

    def __init__(self, browser: Browser, server: Server, room: Room) -> None:
        self.heard: set[str] = set()
        self._browser, self._server = browser, server
        self._path = f"/live/{room.public_id}/"
        self.page = desk(browser, server.url).new_page()
        self.troubles = Troubles(self.page)
        self.page.on("websocket", self._listen)
        self.page.goto(self._path)
        self.page.locator("html[data-started]").wait_for(state="attached")
        self._until(lambda: "room.state" in self.heard)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, frame: str | bytes) -> None:
        events = json.loads(frame)
        self.heard |= {one["type"] for one in (events if isinstance(events, list) else [events])}

    def _until(self, true: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE / 0.05)):
            if true():
                return
            self.page.wait_for_timeout(50)
        assert true()

    def sees(self, *kinds: str) -> None:
        """It has heard these events since the last time, and shows what fresh pages show."""
        self._until(lambda: self.heard >= set(kinds))
        fresh, bare = self._fresh(scripts=True), self._fresh(scripts=False)
        mine: dict[str, Any] = {}
        for _ in range(int(PATIENCE / 0.1)):
            mine = self.page.evaluate(SHOWN)
            if mine == fresh:
                break
            self.page.wait_for_timeout(100)
        assert mine == fresh, kinds
        assert mine == bare, kinds
        assert self.troubles.found == []
        self.heard.clear()

    def _fresh(self, *, scripts: bool) -> dict[str, Any]:
        context = desk(self._browser, self._server.url, java_script_enabled=scripts)
        page = context.new_page()
        heard: list[str] = []
        page.on(
            "websocket", lambda ws: ws.on("framereceived", lambda frame: heard.append(str(frame)))
        )
        page.goto(self._path)
        if scripts:
            page.locator("html[data-started]").wait_for(state="attached")
            self._until(lambda: any("room.state" in one for one in heard))
            page.wait_for_timeout(100)  # it has been told; now it is shown
        shown: dict[str, Any] = page.evaluate(SHOWN)
        context.close()
        return shown


@pytest.fixture
def witness(house: Server, live: Room) -> Iterator[Witness]:
    with chromium() as browser:
        yield Witness(browser, house, live)


def guest(room: Room) -> Customer:
    return Customer.objects.create(merchant=room.merchant, device=uuid.uuid4())


def voice(name: str = "沈梅") -> Voice:
    return Voice(name=name, device=uuid.uuid4())


def test_the_talk(witness: Witness, live: Room, host: Staff):
    act(say, room=live, voice=voice(), text="晚上好 <b>大家</b>")
    witness.sees("chat.said")
    asked = act(say, room=live, voice=voice("陈工"), text="这个龙井是哪天采的？")
    staff = Voice(name=host.host_name, badge="host", staff_id=host.pk)
    act(say, room=live, voice=staff, text="三月二十六", reply_to=asked.pk)
    act(say, room=live, voice=Voice("老陈", "regular", device=uuid.uuid4()), text="又来了")
    witness.sees("chat.said")
    act(hide, message=asked)
    witness.sees("chat.hidden")
    act(announce, room=live, text="今晚满三百包邮", kind="notice")
    act(pin, room=live, text="今晚满三百包邮")
    witness.sees("chat.said", "note.pinned")
    act(pin, room=live, text="")
    act(mute, room=live, muted=True)
    witness.sees("note.pinned", "chat.muted")
    act(mute, room=live, muted=False)
    witness.sees("chat.muted")
    assert Message.objects.count() == 5


def test_the_goods(witness: Witness, live: Room, longjing: Product, store: Store):
    first, second = live.items.order_by("position")
    variant = longjing.variants.get()
    act(show_item, room=live, item=first)
    witness.sees("item.pinned")
    stock = {"variant": variant, "store": store, "by": None}
    act(change_stock, **stock, delta=-7, reason=Reason.COUNTER_SALE)
    witness.sees("stock.changed")
    act(change_stock, **stock, delta=-3, reason=Reason.COUNTER_SALE)
    witness.sees("stock.changed")  # sold out
    act(change_stock, **stock, delta=4, reason=Reason.RECEIVED)
    witness.sees("stock.changed")
    act(set_item, item=first, live_price=12900, notes="")
    witness.sees("shelf.changed", "item.pinned")
    act(set_item, item=first, live_price=None, notes="")
    act(show_next, room=live)
    witness.sees("shelf.changed", "item.pinned")
    new = act(add_to_shelf, room=live, product=product_of(live.merchant, "桂花乌龙", 8800, 9))
    witness.sees("shelf.changed")
    act(place_item, item=new, before=first.pk)
    witness.sees("shelf.changed")
    act(remove_item, item=ShelfItem.objects.get(pk=second.pk))  # it is being explained
    witness.sees("shelf.changed", "item.pinned")
    act(show_item, room=live, item=new)
    act(hide_item, room=live)
    witness.sees("item.pinned")


def test_the_coupons(witness: Witness, live: Room, coupon: Coupon):
    drop = act(open_drop, room=live, coupon=coupon, minutes=5)
    witness.sees("drop.opened")
    act(claim_drop, drop=drop, customer=guest(live))
    witness.sees("drop.claimed")
    act(withdraw_drop, drop=drop)
    witness.sees("drop.closed")
    fair = act(open_drop, room=live, coupon=coupon, minutes=5, fair=True)
    witness.sees("drop.opened")
    mei = guest(live)
    act(claim_fairly, drop=fair, customer=mei, device=mei.device)
    act(allot, drop=Drop.objects.get(pk=fair.pk))
    witness.sees("drop.allotted")
    act(open_drop, room=live, coupon=coupon, minutes=5)  # the next takes its place
    witness.sees("drop.opened")


def test_the_flash_sale(witness: Witness, live: Room, variant: Variant):
    item = live.items.get(product=variant.product)
    facts = {"price": 9900, "quota": 3, "per_buyer": 2, "warm_up": 10, "minutes": 5}
    sale = act(announce_flash, room=live, item=item, variant=variant, **facts)
    witness.sees("flash.changed", "stock.changed")
    FlashSale.objects.filter(pk=sale.pk).update(
        announced_at=timezone.now() - timedelta(seconds=20),
        starts_at=timezone.now() - timedelta(seconds=10),
    )
    buyer = {"customer": guest(live), "device": uuid.uuid4(), "contact": DAN, "language": "en"}
    order = {"basket": {variant.pk: 2}, "voucher": None, "expected_total": 2 * 9900}
    act(buy_in_room, room=live, **order, **buyer)
    witness.sees("flash.changed")
    act(close_flash, sale=FlashSale.objects.get())
    witness.sees("flash.closed", "stock.changed")


def test_the_draw(witness: Witness, live: Room, host: Staff):
    terms = {"prize": "茶点", "winners": 1, "minutes": 5, "entry_by": "follow"}
    draw = act(open_draw, room=live, by=host, **terms)
    witness.sees("draw.opened")
    for _ in range(3):
        act(enter, draw=draw, customer=guest(live), name="沈梅")
    witness.sees("draw.entered")
    act(close_draw, draw=draw)
    witness.sees("draw.closed")
    draw.refresh_from_db()
    act(draw_winners, draw=draw)
    witness.sees("draw.drawn")
    act(open_draw, room=live, by=host, **terms)
    witness.sees("draw.opened")


def test_the_show(witness: Witness, live: Room, shop, store: Store):
    for verb in (pause_room, resume_room, interrupt_room, resume_room):
        act(verb, room=Room.objects.get(pk=live.pk))
        witness.sees("room.moved")
    witness.page.locator("button[data-module='livestream/likes']").dispatch_event("click")
    witness.sees("likes.counted")
    colleague = Staff.objects.create(
        merchant=shop, user=person("ning@example.com", "小宁"), role=Role.CLERK, host_name="小宁"
    )
    act(hand_over, room=Room.objects.get(pk=live.pk), to=colleague)
    witness.sees("host.changed", "chat.said")
    act(
        open_publication,
        room=Room.objects.get(pk=live.pk),
        publisher=uuid.uuid4(),
        by=None,
        provider="nginx_rtmp",
        session="s1/1",
        takeover=True,
    )
    witness.sees("picture.moved")
    act(end_room, room=Room.objects.get(pk=live.pk))
    witness.page.locator("main[data-room]").wait_for(state="detached")  # another page by now
