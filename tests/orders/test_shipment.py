"""An order leaves in parts: each parcel has its lines, its number and its news."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from livestream.selectors.invariant import ALL
from merchants.models import Notification, Stock
from merchants.selectors.invariant import offenders
from merchants.services.merchant import make_key
from orders.errors import WrongState
from orders.models import Order
from orders.payments import sandbox
from orders.rules.line import PARTLY_SHIPPED, LineState
from orders.rules.refund import RefundKind
from orders.services.order import move_order, place_order
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund
from orders.services.shipment import confirm_delivery, ship_order
from tests.conftest import DAN

PARCEL = {"carrier": "sf", "tracking_number": "SF1234567"}
OTHER = {"carrier": "yto", "tracking_number": "YT7654321"}


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with override("en"):
        yield


@pytest.fixture
def two(shop, dan, variant, cup) -> Order:
    """Two of one thing, three of another, paid."""
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 2, cup.variants.get().pk: 3},
        contact=DAN,
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def sound() -> None:
    assert [str(one) for one in offenders(ALL, timezone.now())] == []


def url(name: str, order: Order) -> str:
    return reverse(f"orders:{name}", args=["tea", order.number])


def tea_of(order: Order):
    return order.lines.get(quantity=2)


def cups_of(order: Order):
    return order.lines.get(quantity=3)


def test_one_line_leaves_and_the_other_is_still_held(two, bob):
    parcel = ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    assert two.state == PARTLY_SHIPPED
    assert (tea_of(two).state, tea_of(two).shipment) == (LineState.SHIPPED, parcel)
    assert (cups_of(two).state, cups_of(two).shipment) == (LineState.PAID, None)
    tea = Stock.objects.get(variant=tea_of(two).variant)
    cups = Stock.objects.get(variant=cups_of(two).variant)
    assert (tea.on_hand, tea.reserved) == (8, 0)
    assert (cups.on_hand, cups.reserved) == (50, 3)
    sound()


def test_the_second_parcel_ends_it_and_each_has_its_news(two, bob):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    ship_order(order=two, by=bob, **OTHER)
    assert two.state == LineState.SHIPPED
    first, second = Notification.objects.filter(kind="shipped", channel="sms").order_by("pk")
    assert "a part of your order" in first.body
    assert "SF1234567" in first.body
    assert "the rest of it" in second.body
    assert "YT7654321" in second.body
    assert [step.state for step in two.steps.all()][-2:] == [PARTLY_SHIPPED, LineState.SHIPPED]
    sound()


def test_of_two_clerks_who_ship_the_same_line_one_is_told(two, bob, alice):
    seen = Order.objects.get(pk=two.pk)
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    with pytest.raises(WrongState) as refusal:
        ship_order(order=seen, by=alice, lines=[tea_of(two).pk, cups_of(two).pk], **OTHER)
    assert "gone on already" in str(refusal.value)
    assert two.shipments.count() == 1
    assert cups_of(two).state == LineState.PAID
    sound()


def test_a_line_of_another_order_does_not_leave_with_this_one(two, paid, bob):
    with pytest.raises(WrongState):
        ship_order(order=two, by=bob, lines=[paid.lines.get().pk], **PARCEL)
    assert not two.shipments.exists()
    sound()


def test_each_parcel_arrives_by_itself(two, bob):
    first = ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    confirm_delivery(order=two, by=bob, shipment=first)
    assert two.state == PARTLY_SHIPPED
    sound()
    with pytest.raises(WrongState):
        confirm_delivery(order=two, by=bob, shipment=first)
    second = ship_order(order=two, by=bob, **OTHER)
    assert two.state == LineState.SHIPPED
    confirm_delivery(order=two, by=bob, shipment=second)
    assert two.state == LineState.DELIVERED
    sound()


def test_what_was_not_sent_is_called_off_and_the_order_is_on_its_way(two, bob, alice):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    cups = cups_of(two)
    refund = request_refund(order=two, pieces={cups.pk: 3}, kind=RefundKind.MONEY)
    assert refund.amount == cups.amount
    approve_refund(refund=refund, version=refund.version, by=alice)
    two.refresh_from_db()
    assert (two.state, cups_of(two).state) == (LineState.SHIPPED, LineState.REFUNDED)
    assert Stock.objects.get(variant=cups.variant).reserved == 0
    sound()
    with pytest.raises(WrongState):
        ship_order(order=two, by=bob, **OTHER)


def test_after_a_part_was_called_off_the_rest_of_the_line_leaves(two, bob, alice):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    refund = request_refund(order=two, pieces={cups_of(two).pk: 1}, kind=RefundKind.MONEY)
    with pytest.raises(WrongState):
        ship_order(order=two, by=bob, **OTHER)
    approve_refund(refund=refund, version=refund.version, by=alice)
    ship_order(order=two, by=bob, **OTHER)
    assert Stock.objects.get(variant=cups_of(two).variant).on_hand == 48
    assert two.state == LineState.SHIPPED
    sound()


def test_the_parcels_price_stays_when_something_of_it_was_sent(two, bob, alice):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    refund = request_refund(order=two, pieces={cups_of(two).pk: 3}, kind=RefundKind.MONEY)
    assert refund.shipping == 0


def test_an_order_that_is_partly_gone_is_not_cancelled(two, bob):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    with pytest.raises(WrongState):
        move_order(order=two, to=LineState.CANCELLED, by=bob)


# --- pages ----------------------------------------------------------------------------------------


def test_everything_is_ticked_so_that_one_tap_ships_it(as_bob, two):
    page = as_bob.get(url("order_detail", two)).text
    assert page.count('name="lines"') == page.count('" checked>') == 2
    lines = [tea_of(two).pk, cups_of(two).pk]
    as_bob.post(url("order_ship", two), {"lines": lines, **PARCEL})
    two.refresh_from_db()
    assert two.state == LineState.SHIPPED


def test_a_clerk_ships_in_parts_and_both_pages_show_the_parcels(as_bob, client, two):
    page = as_bob.post(
        url("order_ship", two), {"lines": [tea_of(two).pk], **PARCEL}, follow=True
    ).text
    assert "Partly shipped" in page
    assert "SF1234567" in page
    assert f'name="lines" value="{cups_of(two).pk}"' in page
    assert f'name="lines" value="{tea_of(two).pk}"' not in page
    as_bob.post(url("order_ship", two), {"lines": [cups_of(two).pk], **OTHER})
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    shown = client.get(reverse("track:order", args=[two.number])).text
    for part in ("SF1234567", "YT7654321", "明前龙井 ×2", "耐热玻璃杯 ×3"):
        assert part in shown


def test_nothing_ticked_is_refused_beside_the_lines_and_the_number_stays(as_bob, two):
    answer = as_bob.post(url("order_ship", two), PARCEL)
    assert answer.status_code == 422
    assert "Tick what is in the parcel." in answer.text
    assert 'value="SF1234567"' in answer.text
    two.refresh_from_db()
    assert two.state == LineState.PAID


def test_what_was_unticked_stays_unticked_when_the_number_is_wrong(as_bob, two):
    data = {"lines": [tea_of(two).pk], "carrier": "sf", "tracking_number": "1"}
    page = as_bob.post(url("order_ship", two), data).text
    assert f'value="{tea_of(two).pk}" checked' in page
    assert f'value="{cups_of(two).pk}" checked' not in page


def test_a_clerk_with_an_older_page_is_told(as_bob, two, bob):
    ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    lines = [tea_of(two).pk, cups_of(two).pk]
    page = as_bob.post(url("order_ship", two), {"lines": lines, **OTHER}, follow=True).text
    assert "Part of it has gone on already." in page
    assert two.shipments.count() == 1


def test_a_clerk_says_which_parcel_has_arrived(as_bob, two, paid, bob):
    first = ship_order(order=two, by=bob, lines=[tea_of(two).pk], **PARCEL)
    foreign = ship_order(order=paid, by=bob, **OTHER)
    assert as_bob.post(url("order_deliver", two), {"shipment": foreign.pk}).status_code == 404
    as_bob.post(url("order_deliver", two), {"shipment": first.pk})
    assert tea_of(two).state == LineState.DELIVERED


def test_a_program_ships_by_sku(client, shop, two):
    _key, secret = make_key(merchant=shop, name="till")
    headers = {"Authorization": f"Api-Key {secret}", "Idempotency-Key": "a"}
    to = reverse("api:order-ship", args=["tea", two.number])
    body = PARCEL | {"skus": [tea_of(two).variant.sku]}
    answer = client.post(to, body, content_type="application/json", headers=headers)
    assert answer.json()["state"] == PARTLY_SHIPPED
    again = {"skus": ["nothing of ours"]} | OTHER
    headers["Idempotency-Key"] = "b"
    answer = client.post(to, again, content_type="application/json", headers=headers)
    assert answer.status_code == 409
