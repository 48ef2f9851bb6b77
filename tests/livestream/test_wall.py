"""The wall screen: minutes that add up, figures that somebody counted, and no full names."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.models import Attendance, Minute
from livestream.rules.wall import Moment, Trend, by_minute, stages, trend
from livestream.selectors.console import pieces as pieces_of
from livestream.selectors.wall import wall
from livestream.services.room import end_room
from livestream.services.sale import buy_in_room
from livestream.services.shelf import show_item
from merchants.rules.chart import every, line
from orders.payments import sandbox
from orders.services.payment import open_payment
from orders.services.refund import give_refund
from tests.conftest import DAN

NOON = datetime(2026, 3, 26, 12, tzinfo=UTC)


def at(minutes: int, seconds: int = 0) -> datetime:
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def test_every_minute_of_the_show_has_its_place():
    found = by_minute(at(0, 20), at(3, 5), {at(0): (4, 4), at(3): (7, 1)}, {at(1): 2}, {at(2): 900})
    assert found == [
        Moment(at(0), 4, 4),
        Moment(at(1), orders=2),
        Moment(at(2), turnover=900),
        Moment(at(3), 7, 1),
    ]


def test_a_minute_that_has_just_begun_pulls_no_line_to_zero():
    seen = {at(0): (4, 4), at(1): (5, 0)}
    assert [one.at for one in by_minute(at(0), at(2, 3), seen, {}, {})] == [at(0), at(1)]


def test_five_whole_minutes_are_set_against_the_five_before():
    moments = [Moment(at(minute), orders=minute) for minute in range(12)]
    assert trend(moments, "orders", at(11, 30)) == Trend(6 + 7 + 8 + 9 + 10, 1 + 2 + 3 + 4 + 5)
    assert trend(moments, "orders", at(11, 30)).way == "up"
    assert trend([], "orders", at(0)).way == ""


def test_no_bar_of_the_way_is_longer_than_the_first():
    assert [one.percent for one in stages([("in", 8), ("paid", 2)])] == [100.0, 25.0]
    assert [one.percent for one in stages([("in", 2), ("paid", 3)])] == [100.0, 100.0]
    assert [one.percent for one in stages([("in", 0), ("paid", 3)])] == [0.0, 0.0]


def test_a_line_goes_from_side_to_side_and_its_labels_have_room():
    assert line([0, 10], top=10, left=0, right=8, base=100, head=20) == [(0, 100), (8, 20)]
    assert line([], top=0, left=0, right=8, base=9, head=1) == []
    assert [every(count, 9) for count in (5, 9, 10, 90, 500)] == [1, 1, 2, 10, 60]


def buy(room, customer, variant, *, pay: bool, pieces: int = 1):
    order = buy_in_room(
        room=room,
        customer=customer,
        basket={variant.pk: pieces},
        contact=DAN,
        language="zh-hans",
        voucher=None,
        device=uuid.uuid4(),
        expected_total=variant.price * pieces,
    )
    if pay:
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    return order


@pytest.fixture
def sold(live, dan, variant):
    Minute.objects.create(room=live, at=timezone.now().replace(second=0, microsecond=0), viewers=9)
    for seconds in (30, 90, 120):
        Attendance.objects.create(
            room=live,
            device=uuid.uuid4(),
            first_at=live.started_at,
            last_at=live.started_at,
            seconds=seconds,
        )
    buy(live, dan, variant, pay=True)
    buy(live, dan, variant, pay=False)
    return live


def test_what_was_counted_stands_on_it(sold, host):
    found = wall(sold, host, timezone.now())
    assert [one.count for one in found["stages"]] == [3, 2, 1, 1]
    assert sum(one.orders for one in found["moments"]) == 2
    assert sum(one.turnover for one in found["moments"]) == found["figures"]["turnover"] > 0
    assert found["best"][0]["pieces"] == 1
    assert found["figures"]["watched"] == 80


def test_what_was_called_off_did_not_sell(live, host, dan, variant, cup, alice):
    two = buy(live, dan, variant, pay=True, pieces=2)
    line = two.lines.get()
    give_refund(order=two, pieces={line.pk: 1}, by=alice)
    best = wall(live, host, timezone.now())["best"]
    assert [(one["pieces"], one["brought"]) for one in best] == [(1, variant.price)]
    assert pieces_of(live, variant.product)["sold"] == 1  # as the console says
    give_refund(order=two, pieces={line.pk: 1}, by=alice)
    assert wall(live, host, timezone.now())["best"] == []


def test_nobody_on_it_has_a_full_name(sold, as_bob, longjing):
    show_item(room=sold, item=sold.items.get(product=longjing))
    for name in ("wall", "wall_figures"):
        page = as_bob.get(reverse(f"livestream:{name}", args=["tea", sold.public_id]))
        assert "沈**" in page.text
        assert "沈梅" not in page.text
        assert longjing.name in page.text


def test_it_is_dark_whatever_the_reader_chose(live, as_bob):
    as_bob.cookies["theme"] = "light"
    page = as_bob.get(reverse("livestream:wall", args=["tea", live.public_id]))
    assert 'data-theme="dark"' in page.text


@pytest.mark.parametrize("state", ["draft", "ended"])
def test_it_can_be_opened_before_and_after_the_show(state, room, request, as_bob):
    if state == "ended":
        end_room(room=request.getfixturevalue("sold"))
    page = as_bob.get(reverse("livestream:wall", args=["tea", room.public_id]))
    assert page.status_code == 200
    assert ("polyline" in page.text) is (state == "ended")
