"""What was said when something was ordered is kept with the order, for its buyer and the shop."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client

from livestream.models import Replay, Room, Sale
from livestream.rules.playlist import Segment, runs, total_ms
from livestream.services.chat import pin
from livestream.services.room import ban_room, end_room
from livestream.services.sale import buy_in_room
from orders.models import Order
from tests.conftest import DAN

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.get("/orders/")  # a session
    session = client.session
    session["device"] = str(uuid.uuid4())
    session.save()
    return client


@pytest.fixture
def order(live, longjing, buyer, customer) -> Order:
    pin(room=live, text="今天拍下，明早发出")
    live.refresh_from_db()
    variant = longjing.variants.get()
    facts = {"basket": {variant.pk: 1}, "voucher": None, "expected_total": variant.price}
    who = {"customer": customer, "device": uuid.UUID(buyer.session["device"]), "contact": DAN}
    return buy_in_room(room=live, language="en", **facts, **who)


@pytest.fixture
def customer(shop, buyer):
    device = uuid.UUID(buyer.session["device"])
    return shop.customers.create(device=device)


def filmed(room: Room, *spans: tuple[int, int]) -> None:
    """The show is over, began five minutes before the order, and was filmed in these seconds."""
    began = Sale.objects.get().at - timedelta(minutes=5)
    end_room(room=room)
    Room.objects.filter(pk=room.pk).update(started_at=began)
    seconds = [second for span in spans for second in range(*span)]
    shown = [Segment(n, 1.0, 0, 0, began.timestamp() + s) for n, s in enumerate(seconds)]
    path = f"{room.public_id}/vod.m3u8"
    facts = {"runs": runs(shown), "duration_ms": total_ms(shown), "path": path}
    Replay.objects.filter(room=room).update(state="ready", **facts)


def seen(client: Client, order: Order) -> str:
    answer = client.get(f"/live/of/order/{order.number}/", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.text.strip()


def test_the_minute_of_the_order_is_kept_with_what_was_pinned(live, order, buyer):
    at = Sale.objects.get().at
    filmed(live, (0, 600))
    page = seen(buyer, order)
    start, end = (round((at + timedelta(seconds=s)).timestamp() * 1000) for s in (-30, 60))
    assert f'"/hls/{live.public_id}/clip{start}-{end}.m3u8"' in page
    assert "今天拍下，明早发出" in page
    assert f"/live/of/order/{order.number}/" in buyer.get(f"/orders/{order.number}/").text
    Replay.objects.update(path=f"{live.public_id}/replay.mp4")
    assert f"/hls/{live.public_id}/replay.mp4#t=270,360" in seen(buyer, order)


def test_what_is_pinned_later_was_not_promised(live, order, buyer):
    pin(room=live, text="明天涨价")
    assert "今天拍下" in seen(buyer, order)
    assert "涨价" not in seen(buyer, order)


def test_while_the_show_is_on_it_is_still_to_come(live, order, buyer):
    assert "once the show is over" in seen(buyer, order)
    assert "<video" not in seen(buyer, order)


def test_it_is_for_the_buyer_and_the_shop_alone(live, order, as_bob, mallory, client):  # P14
    filmed(live, (0, 600))
    assert "<video" in seen(as_bob, order)
    page = as_bob.get(f"/dashboard/tea/orders/{order.number}/").text
    assert f"/live/of/order/{order.number}/" in page
    assert seen(Client(), order) == ""
    foreign = Client()
    foreign.force_login(mallory)
    assert seen(foreign, order) == ""


@pytest.mark.parametrize("how", ["banned", "not filmed", "not of a show"])
def test_where_nothing_was_kept_nothing_is_shown(live, order, buyer, how):
    Sale.objects.update(pinned="")
    filmed(live, *([(0, 60)] if how == "not filmed" else [(0, 600)]))
    if how == "banned":
        ban_room(room=live)
    elif how == "not of a show":
        Sale.objects.all().delete()
    assert seen(buyer, order) == ""


def test_before_the_show_nothing_is_promised(scheduled, longjing, buyer, customer):
    pin(room=scheduled, text="开播有礼")
    variant = longjing.variants.get()
    facts = {"basket": {variant.pk: 1}, "voucher": None, "expected_total": variant.price}
    who = {"customer": customer, "device": uuid.UUID(buyer.session["device"]), "contact": DAN}
    made = buy_in_room(room=scheduled, language="en", **facts, **who)
    assert seen(buyer, made) == ""
