"""The hint over the camera and the figures above it: one at a time, and only what is so."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.models import Attendance
from livestream.rules.tip import Moment, tip
from livestream.services.chat import say
from livestream.services.line import Voice
from livestream.services.sale import buy_in_room
from livestream.services.shelf import show_item
from merchants.models import Customer
from orders.models import Order
from tests.conftest import DAN

BUSY = Moment(item="龙井", seconds=192, planned=2, left=3, low=True, asked=5, question="哪天采的？")


def named(**changes) -> str | None:
    found = tip(Moment(**{**BUSY.__dict__, **changes}))
    return found.name if found else None


def test_the_most_useful_hint_comes_first():
    assert named(left=0, held=2) == "sold_out"
    assert named(held=2) == "held"
    assert named() == "asked"
    assert named(asked=2) == "over"
    assert named(asked=2, planned=None, waiting=4) == "waiting"
    assert named(asked=2, planned=None) == "low"
    assert named(asked=2, planned=None, low=False) is None
    assert tip(Moment()) is None


def test_it_says_how_long_and_how_many():
    found = tip(BUSY)
    assert (found.item, found.minutes, found.count, found.text) == ("龙井", 3, 5, "哪天采的？")


@pytest.mark.django_db
def test_what_five_people_ask_stands_over_the_camera(as_bob, live, longjing):
    show_item(room=live, item=live.items.get(product=longjing))
    for number in range(5):
        voice = Voice(f"客人{number}", device=uuid.uuid4())
        say(room=live, voice=voice, text="这个是哪天采的？")
    page = as_bob.get(f"/dashboard/tea/rooms/{live.public_id}/console/panels/")
    assert page.context["tip"].count == 5
    assert "哪天采的" in page.text


@pytest.mark.django_db
def test_figures_that_nobody_counted_are_left_out(as_bob, live, variant):
    address = f"/dashboard/tea/rooms/{live.public_id}/console/panels/"
    figures = as_bob.get(address).context["figures"]
    assert (figures["attended"], figures["watched"], figures["rate"]) == (None, None, None)
    now = timezone.now()
    for seconds in (60, 120):
        Attendance.objects.create(
            room=live, device=uuid.uuid4(), first_at=now, last_at=now, seconds=seconds
        )
    figures = as_bob.get(address).context["figures"]
    assert (figures["attended"], figures["watched"], figures["rate"]) == (2, 90, 0)


@pytest.mark.django_db
def test_only_who_never_bought_here_before_is_new(as_bob, shop, live, variant):
    for known in (True, False):
        customer = Customer.objects.create(merchant=shop, device=uuid.uuid4())
        for _ in range(1 + known):
            order = buy_in_room(
                room=live,
                customer=customer,
                basket={variant.pk: 1},
                contact=DAN,
                language="zh-hans",
                voucher=None,
                device=customer.device,
                expected_total=16800,
            )
            Order.objects.filter(pk=order.pk).update(paid_at=timezone.now())
        if known:
            first = Order.objects.filter(customer=customer).order_by("pk").first()
            earlier = timezone.now() - timedelta(days=3)
            Order.objects.filter(pk=first.pk).update(placed_at=earlier, paid_at=earlier)
    address = f"/dashboard/tea/rooms/{live.public_id}/console/panels/"
    figures = as_bob.get(address).context["figures"]
    assert figures["buyers"] == 2
    assert figures["fresh"] == 1


@pytest.mark.django_db
def test_keys_are_turned_off_for_this_device(as_bob, live, shop):
    console = f"/dashboard/tea/rooms/{live.public_id}/console/"
    assert 'data-keys="off"' not in as_bob.get(console).text
    as_bob.post("/keys/", {"keys": "off"})
    assert 'data-keys="off"' in as_bob.get(console).text
    assert 'value="on"' in as_bob.get(reverse("merchants:me", args=["tea"])).text
    as_bob.post("/keys/", {"keys": "on"})
    assert 'data-keys="off"' not in as_bob.get(console).text
    as_bob.post("/keys/", {"keys": "nonsense"})
    assert 'data-keys="off"' not in as_bob.get(console).text
