"""Somebody comes to collect: her code opens her order, to a clerk of that store alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from merchants import pace
from merchants.models import Store
from merchants.rules.stock import Reason
from merchants.services.staff import change_staff
from merchants.services.stock import change_stock
from merchants.services.store import save_store
from orders.models import Order
from orders.payments import sandbox
from orders.rules.pickup import pickup_text, read_pickup
from orders.rules.refund import RefundKind
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import request_refund
from orders.services.shipment import make_ready
from tests.conftest import DAN

NOBODY = "No order with this code is to be collected at your stores."


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice, client):
    for one in (as_bob, as_alice, client):
        one.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def ready(shop, dan, variant, store, alice, client) -> Order:
    """Waits at the first store, ordered with this very browser."""
    client.get(reverse("track:mine"))
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 2},
        contact=replace(DAN, store=store),
        language="en",
        device=client.session["device"],
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return make_ready(order=order, by=alice)


@pytest.fixture
def lake(shop, variant, store) -> Store:
    lake = save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))
    change_stock(variant=variant, store=lake, delta=5, reason=Reason.RECEIVED, by=None)
    return lake


@pytest.fixture
def _elsewhere(bob, shop, alice, lake):
    """Bob serves at the lake only."""
    change_staff(staff=shop.staff.get(user=bob), by=shop.staff.get(user=alice), stores=[lake])


def at(shop: str = "tea") -> str:
    return reverse("orders:order_pickup", args=[shop])


def scan_of(order: Order) -> str:
    return pickup_text(order.number, order.pickup_code)


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def other_code(order: Order) -> str:
    return f"{(int(order.pickup_code) + 1) % 10**6:06}"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0A1B2C3D4E5F6G7H-012345", ("0a1b2c3d4e5f6g7h", "012345")),
        (" 0a1b2c3d4e5f6g7h/012345\n", ("0a1b2c3d4e5f6g7h", "012345")),
        ("0A1B2C3D4E5F6G7H012345", ("0a1b2c3d4e5f6g7h", "012345")),
        ("０１２ ３４５", ("", "012345")),
        ("12345", ("", "")),
        ("0A1B2C3D4E5F6G7H", ("", "")),
        ("https://x/0A1B2C3D4E5F6G7H-012345", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_a_scanner_writes_is_read(typed, read):
    assert read_pickup(typed) == read


def test_a_scan_shows_what_is_in_it_and_hands_nothing_over_yet(as_bob, ready):
    page = as_bob.post(at(), {"code": scan_of(ready)}).text
    assert ready.name in page
    assert "明前龙井" in page
    assert "×2" in page
    assert state_of(ready) == "ready_for_pickup"


def test_then_it_is_handed_over_and_the_next_may_come(as_bob, ready, bob):
    answer = as_bob.post(at(), {"code": scan_of(ready), "hand_over": "1"}, follow=True)
    assert answer.redirect_chain[0][0] == at()
    assert f"Handed over to {ready.name}." in answer.text
    assert state_of(ready) == "collected"
    assert ready.steps.last().by == bob
    again = as_bob.post(at(), {"code": scan_of(ready)}).text
    assert "It was handed over before" in again
    assert "Bob" in again


def test_pressed_twice_it_is_handed_over_once(as_bob, ready):
    for _time in range(2):
        answer = as_bob.post(at(), {"code": scan_of(ready), "hand_over": "1"})
    assert answer.status_code == 409
    assert ready.steps.filter(state="collected").count() == 1


@pytest.mark.parametrize("whose", ["2688", "number", "#NUMBER"])
def test_who_has_no_scanner_types_the_code_and_whose_it_is(as_bob, ready, whose):
    short = ready.number[:8]
    typed = {"number": short, "#NUMBER": f"#{short.upper()}"}.get(whose, whose)
    page = as_bob.post(at(), {"code": ready.pickup_code, "whose": typed}).text
    assert 'id="found"' in page


def test_every_wrong_code_is_answered_alike(as_bob, ready, paid, order):
    wrong = [
        {"code": pickup_text(ready.number, other_code(ready))},
        {"code": other_code(ready), "whose": "2688"},
        {"code": ready.pickup_code},  # whose?
        {"code": ready.pickup_code, "whose": "9999"},
        {"code": ready.pickup_code, "whose": "8"},
        {"code": ready.pickup_code, "whose": "+86 139 0000 9999"},
        {"code": ready.pickup_code, "whose": "(9999)"},
        {"code": pickup_text("z" * 16, ready.pickup_code)},
        {"code": pickup_text(paid.number, "000000")},  # a parcel
        {"code": "'; drop table"},
    ]
    for typed in wrong:
        answer = as_bob.post(at(), typed | {"hand_over": "1"})
        assert answer.status_code == 422, typed
        assert NOBODY in answer.text, typed
        assert ready.name not in answer.text
    assert state_of(ready) == "ready_for_pickup"


def test_an_empty_field_is_asked_for_in_her_language(as_bob, ready):
    answer = as_bob.post(at(), {"code": ""})
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text


@pytest.mark.usefixtures("_elsewhere")
def test_a_clerk_of_another_store_is_told_what_everybody_is_told(as_bob, as_alice, ready):
    for typed in (
        {"code": scan_of(ready)},
        {"code": scan_of(ready), "hand_over": "1"},
        {"code": ready.pickup_code, "whose": "2688", "hand_over": "1"},
    ):
        answer = as_bob.post(at(), typed)
        assert answer.status_code == 422
        assert NOBODY in answer.text
    assert state_of(ready) == "ready_for_pickup"
    assert (
        'id="found"' in as_alice.post(at(), {"code": scan_of(ready)}).text
    )  # a manager is everywhere


def test_another_shop_hands_nothing_over(client, ready, other_shop, mallory):
    client.force_login(mallory)
    answer = client.post(at("other"), {"code": scan_of(ready), "hand_over": "1"})
    assert NOBODY in answer.text
    assert state_of(ready) == "ready_for_pickup"


def test_guessing_ends(as_bob, ready, monkeypatch):
    monkeypatch.setitem(pace.STAFF_PACES, "collect", 0)
    for url, typed in (
        (at(), {"code": scan_of(ready), "hand_over": "1"}),
        (
            reverse("orders:order_collect", args=["tea", ready.number]),
            {"code": ready.pickup_code},
        ),
    ):
        answer = as_bob.post(url, typed, follow=True)
        assert "Too many tries from here in a short time." in answer.text
    assert state_of(ready) == "ready_for_pickup"


def test_what_is_not_ready_or_asked_back_is_not_handed_over(as_bob, ready):
    request_refund(order=ready, pieces={ready.lines.get().pk: 2}, kind=RefundKind.MONEY)
    page = as_bob.post(at(), {"code": scan_of(ready)}).text
    assert "Do not hand it over yet" in page
    assert 'name="hand_over"' not in page
    answer = as_bob.post(at(), {"code": scan_of(ready), "hand_over": "1"})
    assert answer.status_code == 409
    assert state_of(ready) == "ready_for_pickup"


def test_what_is_still_packed_leads_to_its_page(as_bob, shop, dan, variant, store):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    page = as_bob.post(at(), {"code": scan_of(order)}).text
    assert "It is still being prepared" in page
    assert reverse("orders:order_detail", args=["tea", order.number]) in page


# --- the shopper ----------------------------------------------------------------------------------


def test_she_shows_a_square_that_says_her_number_and_code(client, ready):
    answer = client.get(reverse("track:order", args=[ready.number]))
    assert answer.context["square"].text == scan_of(ready)
    assert 'class="ot__qr"' in answer.text
    assert ready.pickup_code in answer.text


def test_nobody_else_sees_it(as_alice, ready, client):
    stranger = as_alice.get(reverse("track:order", args=[ready.number])).text
    assert 'class="ot__qr"' not in stranger
    assert ready.pickup_code not in stranger


def test_what_was_collected_shows_no_code_any_more(as_bob, client, ready):
    as_bob.post(at(), {"code": scan_of(ready), "hand_over": "1"})
    page = client.get(reverse("track:order", args=[ready.number])).text
    assert 'class="ot__qr"' not in page
    assert ready.pickup_code not in page
