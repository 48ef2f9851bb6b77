"""Callbacks, sweeps and second thoughts at the same moment: money is booked once (P3, P4, P5)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from orders.errors import MoneyUnderWay, WrongState
from orders.models import LedgerEntry, Order, Payment
from orders.payments import sandbox
from orders.rules.ledger import sale
from orders.services.gateway import disconnect_gateway
from orders.services.ledger import post
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.tasks import ask_gateways, expire_orders
from tests.conftest import DAN
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]


@pytest.fixture
def waiting(transactional_db, shop, dan, variant) -> Order:
    """An order that nobody has paid yet, in a shop with every account."""
    for gateway in ("wechatpay", "alipay"):
        shop.gateways.create(gateway=gateway, number="1", sealed="x", connected_at=timezone.now())
    return place_order(
        merchant=shop, customer=dan, basket={variant.pk: 1}, contact=DAN, language="en"
    )


def refusals(results: list[object]) -> list[object]:
    return [one for one in results if isinstance(one, Exception)]


def due() -> None:
    Payment.objects.update(next_ask_at=timezone.now() - timedelta(seconds=1))


def sales() -> int:
    return LedgerEntry.objects.filter(account="gateway").count()


def test_eight_callbacks_and_the_sweeps_at_once_are_one_sale(waiting):
    message = sandbox.charge(open_payment(order=waiting, gateway="sandbox"))
    at = timezone.now()
    Order.objects.update(placed_at=at - timedelta(hours=1), pay_by=at - timedelta(seconds=1))
    due()
    acts = [lambda: sandbox.receive(message)] * 8 + [ask_gateways] * 3 + [expire_orders] * 3
    assert refusals(at_once(acts)) == []
    waiting.refresh_from_db()
    assert waiting.state == "paid"
    assert sales() == 1
    assert nothing_is_broken()


def test_two_ways_to_pay_at_once_leave_one_open_payment(waiting):
    ways = [("wechatpay", "native"), ("alipay", "page"), ("sandbox", "")]
    acts = [lambda g=g, w=w: open_payment(order=waiting, gateway=g, way=w) for g, w in ways]
    assert refusals(at_once(acts * 4)) == []
    assert Payment.objects.filter(state="created").count() == 1
    assert not Payment.objects.filter(next_ask_at=None).exists()


def test_a_change_of_mind_while_the_money_comes_loses_none(waiting):  # P5
    message = sandbox.charge(open_payment(order=waiting, gateway="sandbox"))
    acts = [lambda: sandbox.receive(message)] * 3
    acts += [lambda: open_payment(order=waiting, gateway="alipay", way="page")] * 3
    assert all(isinstance(one, WrongState) for one in refusals(at_once(acts)))
    waiting.refresh_from_db()
    assert waiting.state == "paid"
    assert sales() == 1


def test_keys_are_not_taken_away_from_under_a_payment(waiting, alice):
    account = waiting.merchant.gateways.get(gateway="alipay")
    acts = [lambda: open_payment(order=waiting, gateway="alipay", way="page")] * 3
    refused = refusals(at_once([*acts, lambda: disconnect_gateway(account=account, by=alice)]))
    assert all(isinstance(one, (WrongState, MoneyUnderWay)) for one in refused)
    keys = waiting.merchant.gateways.filter(gateway="alipay").exists()
    assert keys == waiting.payments.exists()


def test_looking_first_and_booking_then_goes_wrong(waiting):
    """The negative control: as many shops do it, without a lock on the payment."""
    payment = open_payment(order=waiting, gateway="sandbox")

    def look_then_book() -> None:
        seen = Payment.objects.get(pk=payment.pk)
        time.sleep(0.1)
        if seen.state != "settled":
            Payment.objects.filter(pk=payment.pk).update(state="settled")
            reference = f"payment:{payment.public_id}"
            post(order=waiting, reference=reference, posting=sale(500, 0), at=timezone.now())

    results = at_once([look_then_book] * 8)
    assert sales() > 1 or any(isinstance(one, IntegrityError) for one in results)
