"""Three rooms: one live right now, one scheduled, one to watch again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils import timezone

from livestream.demo.goods import (
    GOODS,
    LIVE_PRICES,
    MINUTES,
    NOTES,
    OBJECTIONS,
    ON_THE_SHELF,
)
from livestream.demo.shop import PICTURES
from livestream.media.testcard import Testcard
from livestream.models import Entry, Room
from livestream.rules.room import RoomState
from livestream.services.chat import say
from livestream.services.draw import claim_prize, close_draw, draw_winners, open_draw
from livestream.services.line import Voice
from livestream.services.publication import media_folder
from livestream.services.replay import make_replay
from livestream.services.room import end_room, make_room, schedule_room, start_room
from livestream.services.shelf import set_item, show_item
from merchants.models import Merchant, Product

LIVE_TITLE = "明前龙井到店 老顾客专场"
SOON_TITLE = "秋天的白茶 周末慢慢喝"
PAST_TITLE = "盖碗怎么拿不烫手"
PAST_SECONDS = 48
LINES = (
    ("许阿姨", "上次那批茉莉好香"),
    ("陈工", "祁红什么时候讲"),
    ("沈梅", "芳姐,这个龙井哪天采的?"),
    ("苏老师", "紫砂壶能开发票吗?"),
    ("阿May", "券领到了"),
    ("何先生", "拍了两罐,送我妈的"),
)


PHRASE = "想尝尝"
PRIZE: dict[str, Any] = {"prize": "手工茶点礼盒", "prize_value": 5800, "winners": 3, "minutes": 3}
TAKING_PART = (
    "沈梅",
    "许阿姨",
    "陈工",
    "苏老师",
    "阿May",
    "何先生",
    "林小满",
    "王叔",
    "老周",
    "李想",
)


def live_room(merchant: Merchant) -> Room:
    """The room on air; a new one is started if the last has ended."""
    room = merchant.rooms.on_air().filter(title=LIVE_TITLE).first()
    if room is not None:
        return room
    room = _make(merchant, LIVE_TITLE, "live-tea", timedelta(0))
    start_room(room=room)
    first = room.items.select_related("product").order_by("position")[0]
    show_item(room=room, item=first)
    for name, text in LINES:
        say(room=room, voice=Voice(name=name), text=text)
    return room


def scheduled_room(merchant: Merchant) -> Room:
    """Tomorrow evening, with a countdown and a reminder form."""
    tomorrow = timezone.localtime() + timedelta(days=1)
    at = tomorrow.replace(hour=19, minute=30, second=0, microsecond=0)
    return _make(merchant, SOON_TITLE, "live-flower", at - timezone.now())


def past_room(merchant: Merchant) -> Room:
    """A short show of yesterday with four chapters, filmed and ended as a real one."""
    room = _make(merchant, PAST_TITLE, "live-tea", timedelta(0))
    start_room(room=room)
    for item in room.items.select_related("product").order_by("position")[:4]:
        show_item(room=room, item=item)
    for name, text in LINES[:4]:
        say(room=room, voice=Voice(name=name), text=text)
    _draw(room)
    began = timezone.localtime() - timedelta(days=1)
    folder = media_folder(room, RoomState.LIVE)
    Testcard(PICTURES / "live-tea.webp").record(folder, seconds=PAST_SECONDS, began=began)
    end_room(room=room)
    _backdate(room, began)
    make_replay(room=room)
    return room


def _draw(room: Room) -> None:
    """A draw as it goes: everybody writes the words, three win, the first leaves her address."""
    draw = open_draw(room=room, by=room.host, entry_by="comment", phrase=PHRASE, **PRIZE)
    for name in TAKING_PART:
        say(room=room, voice=Voice(name=name, device=uuid4()), text=PHRASE)
    close_draw(draw=draw)
    draw_winners(draw=draw)
    first = draw.entries.select_related("customer").get(place=1)
    contact = {
        "name": first.name,
        "phone": "+8613800002688",
        "address": "杭州市上城区 清河坊 12 号",
    }
    claim_prize(draw=draw, customer=first.customer, **contact)


def _backdate(room: Room, began: datetime) -> None:
    """The verbs read the clock, so the moments are shifted afterwards."""
    ended = began + timedelta(seconds=PAST_SECONDS)
    Room.objects.filter(pk=room.pk).update(
        starts_at=began, started_at=began, ended_at=ended, viewers_peak=412, likes=12_083
    )
    chapter = timedelta(seconds=PAST_SECONDS / 4)
    for number, spotlight in enumerate(room.spotlights.order_by("pk")):
        spotlight.opened_at = began + number * chapter
        spotlight.closed_at = spotlight.opened_at + chapter
        spotlight.save()
    room.messages.update(at=began + timedelta(seconds=5))
    at = began + timedelta(seconds=PAST_SECONDS / 2)
    room.draws.update(opened_at=began, closes_at=at, closed_at=at, drawn_at=at)
    Entry.objects.filter(draw__room=room).update(at=began + timedelta(seconds=9))


def _make(merchant: Merchant, title: str, cover: str, ahead: timedelta) -> Room:
    path: Path = PICTURES / f"{cover}.webp"
    names = {good.picture: good.name for good in GOODS}
    by_name = {product.name: product for product in merchant.products.all()}
    products: list[Product] = [by_name[names[picture]] for picture in ON_THE_SHELF]
    with path.open("rb") as file:
        room = make_room(
            merchant=merchant,
            host=merchant.staff.order_by("-role", "pk")[0],
            title=title,
            starts_at=timezone.now() + ahead,
            products=products,
            cover=(file, path.stat().st_size),
        )
    for item in room.items.select_related("product", "room"):
        picture = next(key for key, name in names.items() if name == item.product.name)
        price = LIVE_PRICES.get(picture)
        set_item(
            item=item,
            live_price=price * 100 if price else None,
            notes=NOTES.get(picture, ""),
            objection=OBJECTIONS.get(picture, ""),
            minutes=MINUTES.get(picture),
        )
    schedule_room(room=room)
    return room
