"""Placing, paying, shipping, expiring: stock and state stay in step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from merchants.errors import OutOfStock
from merchants.models import Notification, Reservation, StockMovement
from merchants.services.counter import sell_at_counter
from orders.errors import BadBasket, BadCallback, BadTracking, PriceMoved, WrongState
from orders.models import Order, Payment, Voucher
from orders.payments import sandbox
from orders.rules.line import LineState
from orders.services.coupon import claim_coupon
from orders.services.order import Contact, move_order, place_order
from orders.services.payment import open_payment, settle_payment
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order
from orders.tasks import expire_orders
from tests.conftest import DAN


def stock_of(variant):
    return variant.stock.get()


def test_it_holds_the_stock_and_waits_for_payment(order, variant):
    assert order.state == LineState.PENDING
    assert order.total == 2 * 16800
    assert (stock_of(variant).on_hand, stock_of(variant).reserved) == (10, 2)
    assert Reservation.objects.get(closed_at=None).reference == order.number
    assert order.pay_by - order.placed_at == timedelta(minutes=15)


def test_it_refuses_more_than_there_is_and_holds_nothing(shop, dan, variant, cup):
    basket = {cup.variants.get().pk: 1, variant.pk: 11}
    with pytest.raises(OutOfStock):
        place_order(merchant=shop, customer=dan, basket=basket, contact=DAN, language="en")
    assert not Order.objects.exists()
    assert not Reservation.objects.exists()
    assert stock_of(variant).reserved == 0


@pytest.mark.parametrize("quantity", [0, -1, 1000, 2**31])
def test_it_refuses_an_absurd_quantity(shop, dan, variant, quantity):
    with pytest.raises(BadBasket):
        place_order(
            merchant=shop, customer=dan, basket={variant.pk: quantity}, contact=DAN, language="en"
        )


def test_it_refuses_a_product_of_another_merchant(shop, dan, foreign_product):
    basket = {foreign_product.variants.get().pk: 1}
    with pytest.raises(BadBasket):
        place_order(merchant=shop, customer=dan, basket=basket, contact=DAN, language="en")


def test_it_refuses_a_sum_that_the_shopper_did_not_see(shop, dan, variant):
    with pytest.raises(PriceMoved):
        place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
            expected_total=1,
        )


def test_a_live_price_above_the_list_price_is_never_charged(shop, dan, variant):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=DAN,
        language="en",
        live_prices={variant.pk: 99_999},
    )
    assert order.total == 16800


def test_paying_tells_shopper_and_staff_once(bob, paid):
    assert paid.state == LineState.PAID
    kinds = list(Notification.objects.filter(kind="order_paid").values_list("channel", "to"))
    assert ("sms", paid.phone) in kinds
    assert ("email", "alice@example.com") in kinds
    assert ("email", "bob@example.com") in kinds
    assert ("in_app", "") in kinds
    assert len(kinds) == len(set(kinds)) == 4


def test_the_same_callback_twice_is_one_effect(order):  # P4
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    sandbox.receive(message)
    sandbox.receive(message)
    assert order.steps.filter(state=LineState.PAID).count() == 1
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("field", ["amount", "currency", "transaction", "payment", "signature"])
def test_a_forged_callback_changes_nothing(order, field):  # P4
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    forged = {**message.__dict__, field: 1 if field == "amount" else "forged"}
    with pytest.raises(BadCallback):
        sandbox.receive(sandbox.Callback(**forged))
    order.refresh_from_db()
    assert order.state == LineState.PENDING


def test_money_that_comes_too_late_takes_the_goods_again(order, variant):  # P5
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    payment = sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == LineState.PAID
    assert not payment.refund_due
    assert stock_of(variant).reserved == 2


def test_money_that_comes_when_all_is_sold_is_to_be_paid_back(order, variant, store, bob):  # P5
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    sell_at_counter(variant=variant, store=store, by=bob, quantity=10)
    assert sandbox.receive(message).refund_due
    order.refresh_from_db()
    assert order.state == LineState.EXPIRED
    assert order.payments.get().refund_due


def test_an_unpaid_order_expires_and_gives_the_stock_back(order, variant):
    Order.objects.update(
        placed_at=timezone.now() - timedelta(hours=1),
        pay_by=timezone.now() - timedelta(seconds=1),
    )
    expire_orders()
    expire_orders()
    order.refresh_from_db()
    assert order.state == LineState.EXPIRED
    assert stock_of(variant).reserved == 0
    assert order.steps.count() == 1
    assert [step.state for step in order.story] == ["pending_payment", "expired"]


def test_an_order_in_time_does_not_expire(order):
    expire_orders()
    order.refresh_from_db()
    assert order.state == LineState.PENDING


def test_an_expired_order_cannot_be_paid(order):
    Order.objects.update(
        placed_at=timezone.now() - timedelta(hours=1),
        pay_by=timezone.now() - timedelta(seconds=1),
    )
    with pytest.raises(WrongState):
        open_payment(order=order, gateway=sandbox.NAME)


def test_shipping_takes_the_pieces_and_writes_why(paid, variant, bob):
    ship_order(order=paid, carrier="sf", tracking_number="SF1234567890", by=bob)
    assert paid.state == LineState.SHIPPED
    assert (stock_of(variant).on_hand, stock_of(variant).reserved) == (8, 0)
    movement = StockMovement.objects.get(reference=paid.number)
    assert (movement.delta, movement.by) == (-2, bob)
    assert Notification.objects.filter(kind="shipped", channel="sms").count() == 1
    confirm_delivery(order=paid, by=None)
    assert paid.state == LineState.DELIVERED


@pytest.mark.parametrize("number", ["12345", "a" * 33, "SF 123456", "顺丰123456", "SF123456;--"])
def test_it_refuses_a_bad_tracking_number(paid, bob, number):
    with pytest.raises(BadTracking):
        ship_order(order=paid, carrier="sf", tracking_number=number, by=bob)
    paid.refresh_from_db()
    assert paid.state == LineState.PAID


def test_an_unpaid_order_is_not_shipped(order, bob):
    with pytest.raises(WrongState) as refusal:
        ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    assert "待付款" in str(refusal.value) or "Unpaid" in str(refusal.value)


def test_a_collected_order_needs_its_code(shop, dan, variant, store, bob):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=Contact(name="沈梅", phone="+8613800002688", store=store),
        language="zh-hans",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    with pytest.raises(WrongState):
        ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    make_ready(order=order, by=bob)
    with pytest.raises(WrongState):
        hand_over(order=order, code="", by=bob)
    with pytest.raises(WrongState):
        hand_over(order=order, code="12345", by=bob)
    hand_over(order=order, code=order.pickup_code, by=bob)
    assert order.state == LineState.COLLECTED
    assert stock_of(variant).on_hand == 9


def test_a_voucher_is_used_and_comes_back_when_the_order_ends(shop, dan, variant, coupon):
    voucher = claim_coupon(coupon=coupon, customer=dan)
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=DAN,
        language="en",
        voucher=voucher,
    )
    assert (order.discount, order.total) == (2000, 14800)
    assert order.lines.get().discount == 2000
    assert Voucher.objects.get().state == "redeemed"
    move_order(order=order, to=LineState.CANCELLED, by=None)
    assert Voucher.objects.get().state == "claimed"
    coupon.refresh_from_db()
    assert coupon.redeemed == 0


def test_a_paid_order_cannot_be_cancelled_on_the_quiet(paid, bob):
    with pytest.raises(WrongState):
        move_order(order=paid, to=LineState.CANCELLED, by=bob)


def late_with_voucher(shop, customer, variant, coupon):
    """An order that expired while its payment was under way, and the bank's message."""
    voucher = claim_coupon(coupon=coupon, customer=customer)
    order = place_order(
        merchant=shop,
        customer=customer,
        basket={variant.pk: 1},
        contact=DAN,
        language="en",
        voucher=voucher,
    )
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    return order, message


def test_money_that_comes_too_late_takes_the_voucher_again(shop, dan, variant, coupon):  # P5, P8
    _order, message = late_with_voucher(shop, dan, variant, coupon)
    assert not sandbox.receive(message).refund_due
    assert Voucher.objects.get().state == "redeemed"
    coupon.refresh_from_db()
    assert coupon.redeemed == 1


def test_money_too_late_for_its_voucher_is_to_be_paid_back(shop, dan, variant, coupon):  # P5, P8
    order, message = late_with_voucher(shop, dan, variant, coupon)
    second = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=DAN,
        language="en",
        voucher=order.voucher,
    )
    assert sandbox.receive(message).refund_due
    order.refresh_from_db()
    assert (order.state, second.discount) == (LineState.EXPIRED, 2000)
    assert stock_of(variant).reserved == 1


def test_money_that_comes_twice_is_to_be_paid_back_once(paid):  # P5
    first = paid.payments.get()
    again = {"amount": first.amount, "currency": first.currency}
    for _ in range(2):
        extra = settle_payment(payment=first, transaction_id="second", **again)
        assert extra.refund_due
    assert settle_payment(payment=first, transaction_id=first.transaction, **again) == first
    assert paid.payments.filter(refund_due=True).count() == 1
    assert paid.steps.filter(state=LineState.PAID).count() == 1


@pytest.mark.parametrize("minutes", [15, 1, 120])
def test_how_long_goods_are_held_is_a_setting(shop, dan, variant, settings, minutes):
    settings.HOLD_MINUTES = minutes
    order = place_order(
        merchant=shop, customer=dan, basket={variant.pk: 1}, contact=DAN, language="en"
    )
    assert order.pay_by - order.placed_at == timedelta(minutes=minutes)
