"""Buttons of the staff's pages, pressed twice: one effect, and everything still adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.models import Notification, Stock, StockMovement
from merchants.selectors.invariant import offenders
from orders.models import CounterUse, Coupon, Order, Payment, Refund, Shipment
from orders.payments import sandbox
from orders.services.coupon import claim_coupon
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.shipment import ship_order
from tests.conftest import DAN


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice):
    for one in (as_bob, as_alice):
        one.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def twice(client, name: str, where: str, form: dict[str, object] | None = None) -> None:
    """The second press before the first has an answer: the very same form comes again."""
    answers = [client.post(reverse(f"orders:{name}", args=["tea", where]), form) for _ in range(2)]
    assert answers[0].status_code == 302
    assert answers[1].status_code in {302, 409, 422}
    assert [str(one) for one in offenders(ALL, timezone.now())] == []


def steps(order: Order, state: str) -> int:
    return order.steps.filter(state=state).count()


def told(order: Order) -> int:
    """How often the buyer heard of this order."""
    return Notification.objects.filter(to=order.phone).count()


def test_one_parcel_leaves(as_bob, paid, variant):
    before = told(paid)
    twice(as_bob, "order_ship", paid.number, {"carrier": "sf", "tracking_number": "SF1234567"})
    assert Shipment.objects.filter(order=paid).count() == steps(paid, "shipped") == 1
    assert StockMovement.objects.filter(reference=paid.number).count() == 1
    assert Stock.objects.get(variant=variant).on_hand == 8
    assert told(paid) == before + 1


def test_it_is_ready_once(as_bob, shop, dan, variant, store):
    contact = replace(DAN, store=store)
    facts = {"merchant": shop, "customer": dan, "contact": contact, "language": "en"}
    order = place_order(**facts, basket={variant.pk: 1})
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    before = told(order)
    twice(as_bob, "order_ready", order.number)
    assert steps(order, "ready_for_pickup") == 1
    assert told(order) == before + 1


def test_it_is_cancelled_once_and_the_stock_free_once(as_bob, order, variant):
    twice(as_bob, "order_cancel", order.number)
    assert steps(order, "cancelled") == 1
    stock = Stock.objects.get(variant=variant)
    assert (stock.on_hand, stock.reserved) == (10, 0)


def test_a_coupon_is_used_at_the_counter_once(as_bob, coupon, dan, store):
    Coupon.objects.update(per_customer=5)  # not the cap keeps the second out
    voucher = claim_coupon(coupon=coupon, customer=dan)
    twice(as_bob, "voucher_take", voucher.code, {"goods": "200", "store": store.pk})
    assert CounterUse.objects.get().saving == 2000
    assert Coupon.objects.get().redeemed == 1


@pytest.mark.parametrize("amount", ["", "12.50"])
def test_money_is_given_once(as_alice, paid, alice, amount):
    ship_order(order=paid, carrier="sf", tracking_number="SF123456", by=alice)
    line = paid.lines.get()
    form = {f"line-{line.pk}": "1", "amount": amount, "words": "Sorry", "form_key": "k"}
    twice(as_alice, "refund_give", paid.number, form)
    refund = Refund.objects.get()
    assert Payment.objects.get().paid_back == refund.amount > 0
    again = {**form, "form_key": "k2"}  # another form is another wish
    as_alice.post(reverse("orders:refund_give", args=["tea", paid.number]), again)
    assert Refund.objects.count() == 2
