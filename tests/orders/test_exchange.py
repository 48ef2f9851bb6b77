"""Goods for goods: another size, or the same again, without paying anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import override

from livestream.selectors.home import daily
from livestream.selectors.invariant import ALL
from merchants.errors import OutOfStock
from merchants.models import Notification, Reservation, Stock, Variant
from merchants.rules.stock import Reason
from merchants.selectors.invariant import offenders
from merchants.services.counter import sell_at_counter
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from orders.errors import DearerInstead, NotExchanged, RefundMoved, WrongState
from orders.models import BankEntry, Line, Order, Refund
from orders.payments import sandbox
from orders.rules.dispute import Verdict
from orders.rules.line import LineState
from orders.rules.price import PriceRule
from orders.rules.refund import Leg, RefundKind, RefundState, carried
from orders.selectors.exchange import free_instead
from orders.services.dispute import decide_dispute, open_dispute
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import (
    approve_refund,
    refuse_refund,
    request_refund,
    send_back,
    take_back,
    withdraw_refund,
)
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order
from orders.tasks import agree_refunds, send_refunds
from tests.conftest import DAN
from tests.orders.test_refund import buy

PRICES = {"S": 6900, "M": 6900, "L": 5900, "XL": 7900}


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def shirt(shop, store) -> dict[str, Variant]:
    """A shirt in four sizes, five of each; the small L costs less, XL more."""
    product = save_product(
        merchant=shop,
        name="Shirt",
        variants=[
            VariantData(name=size, sku=f"shirt-{size}", price=price)
            for size, price in PRICES.items()
        ],
    )
    sizes = {one.name: one for one in product.variants.all()}
    for one in sizes.values():
        change_stock(variant=one, store=store, delta=5, reason=Reason.RECEIVED, by=None)
    return sizes


@pytest.fixture
def worn(shop, dan, shirt, alice) -> Order:
    """Two shirts in S, delivered."""
    order = buy(shop, dan, {shirt["S"].pk: 2})
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=alice)
    confirm_delivery(order=order, by=alice)
    order.refresh_from_db()
    return order


def ask(order: Order, wanted: Variant, pieces: int = 1) -> Refund:
    line = order.lines.get()
    return request_refund(
        order=order,
        pieces={line.pk: pieces},
        kind=RefundKind.EXCHANGE,
        wanted={line.pk: wanted.pk},
        reason="broken",
    )


def agree(refund: Refund, by) -> Refund:
    return approve_refund(refund=refund, version=refund.version, by=by)


def back(refund: Refund, by, store=None) -> Order:
    """The goods are back; returns what goes out for them."""
    refund = take_back(refund=refund, version=refund.version, by=by, store=store)
    assert refund.replacement is not None
    return Order.objects.get(pk=refund.replacement_id)


def sound() -> None:
    assert list(offenders(ALL, timezone.now())) == []


def free(variant: Variant) -> int:
    return sum(one.available for one in Stock.objects.filter(variant=variant))


def test_of_what_was_collected_only_that_store_is_asked(shop, dan, shirt, alice, store):
    """What lies at the second store cannot be put aside where she collects."""
    second = shop.stores.create(name="Second", city="Hangzhou", position=9)
    change_stock(variant=shirt["M"], store=store, delta=-5, reason=Reason.WRITTEN_OFF, by=alice)
    change_stock(variant=shirt["M"], store=second, delta=3, reason=Reason.RECEIVED, by=alice)
    order = buy(shop, dan, {shirt["S"].pk: 1})
    lines = list(order.lines.all())
    assert free_instead(order, lines)[shirt["M"].pk] == 3
    order.store = store
    there = free_instead(order, lines)
    assert (there[shirt["M"].pk], there[shirt["L"].pk]) == (0, 5)


def test_what_goes_out_in_exchange_is_no_sale(worn, shirt, alice, store, shop):
    now = timezone.now()
    before = daily(shop, now)[-1]
    back(agree(ask(worn, shirt["M"]), alice), alice, store)
    assert daily(shop, now)[-1] == before


def test_another_size_is_put_aside_and_goes_out_when_hers_is_back(worn, shirt, alice, store):
    refund = ask(worn, shirt["M"])
    assert (refund.amount, refund.credit) == (0, 6900)
    assert free(shirt["M"]) == 5  # nothing is hers before the shop has agreed
    sound()
    refund = agree(refund, alice)
    assert refund.state == RefundState.AWAITING
    assert free(shirt["M"]) == 4
    sound()
    refund = send_back(
        refund=refund, version=refund.version, carrier="sf", tracking_number="SF7654321"
    )
    assert free(shirt["S"]) == 3  # what she sends back is no stock before it was looked at
    other = back(refund, alice, store)
    refund.refresh_from_db()
    assert (refund.state, refund.money) == (RefundState.REFUNDED, Leg.NONE)
    assert refund.state_word == "Exchanged"
    assert (free(shirt["S"]), free(shirt["M"])) == (4, 4)
    assert (other.state, other.total, other.device) == (LineState.PAID, 0, worn.device)
    line = other.lines.get()
    assert (line.variant, line.quantity, line.price_rule) == (shirt["M"], 1, PriceRule.SWAP)
    assert (line.amount, line.paid) == (0, 6900)
    sound()
    ship_order(order=other, carrier="sf", tracking_number="SF999999", by=alice)
    assert Stock.objects.get(variant=shirt["M"]).on_hand == 4
    assert BankEntry.objects.aggregate(n=Sum("amount"))["n"] == worn.total  # no money moved
    sound()


def test_the_same_again_for_what_is_broken_brings_no_stock_back(worn, shirt, alice):
    refund = agree(ask(worn, shirt["S"], 2), alice)
    assert free(shirt["S"]) == 1
    other = back(refund, alice)  # cannot be sold again: nowhere
    assert other.lines.get().quantity == 2
    assert Stock.objects.get(variant=shirt["S"]).on_hand == 3
    sound()


def test_the_difference_to_a_cheaper_one_goes_back_and_a_dearer_one_is_refused(
    worn, shirt, alice, store
):
    with pytest.raises(DearerInstead):
        ask(worn, shirt["XL"])
    assert not Refund.objects.exists()
    assert worn.lines.get().left == 2
    refund = agree(ask(worn, shirt["L"], 2), alice)
    assert (refund.amount, refund.credit) == (2000, 11800)
    back(refund, alice, store)
    sound()
    send_refunds()
    refund.refresh_from_db()
    assert (refund.state, refund.money) == (RefundState.REFUNDED, Leg.DONE)
    assert BankEntry.objects.aggregate(n=Sum("amount"))["n"] == worn.total - 2000
    sound()


def test_what_she_saved_when_she_bought_stays_saved():
    assert carried(5000, 6900, 6900) == 5000  # bought at a live price; the sizes cost the same
    assert carried(5000, 6900, 5900) == 4275  # the same part of what the other costs today
    assert carried(0, 6900, 5900) == 0


def test_a_replacement_can_come_back_for_its_money_and_no_more_than_that(worn, shirt, alice, store):
    other = back(agree(ask(worn, shirt["L"]), alice), alice, store)
    ship_order(order=other, carrier="sf", tracking_number="SF999999", by=alice)
    line = other.lines.get()
    refund = request_refund(order=other, pieces={line.pk: 1}, kind=RefundKind.RETURN)
    assert refund.amount == 5900
    refund = agree(refund, alice)
    take_back(refund=refund, version=refund.version, by=alice, store=store)
    send_refunds()
    sound()
    left = worn.lines.get()
    refund = request_refund(order=worn, pieces={left.pk: 1}, kind=RefundKind.RETURN)
    refund = agree(refund, alice)
    take_back(refund=refund, version=refund.version, by=alice, store=store)
    send_refunds()
    assert BankEntry.objects.aggregate(n=Sum("amount"))["n"] == worn.shipping
    sound()


def test_a_replacement_that_was_not_sent_yet_can_be_called_off(worn, shirt, alice, store):
    other = back(agree(ask(worn, shirt["M"]), alice), alice, store)
    line = other.lines.get()
    agree(request_refund(order=other, pieces={line.pk: 1}, kind=RefundKind.MONEY), alice)
    other.refresh_from_db()
    assert other.state == LineState.REFUNDED
    assert free(shirt["M"]) == 5
    send_refunds()
    sound()


def test_a_replacement_can_be_exchanged_again(worn, shirt, alice, store):
    other = back(agree(ask(worn, shirt["M"]), alice), alice, store)
    ship_order(order=other, carrier="sf", tracking_number="SF999999", by=alice)
    third = back(agree(ask(other, shirt["S"]), alice), alice, store)
    assert third.lines.get().paid == 6900
    assert (free(shirt["S"]), free(shirt["M"])) == (3, 5)
    sound()


def test_where_it_was_collected_the_other_one_is_collected_too(shop, dan, shirt, alice, store):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={shirt["S"].pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    make_ready(order=order, by=alice)
    hand_over(order=order, code=order.pickup_code, by=alice)
    other = back(agree(ask(order, shirt["M"]), alice), alice, store)
    assert other.store == store
    assert len(other.pickup_code) == 6
    body = Notification.objects.get(key=f"sms:order_paid:{other.number}").body
    assert other.pickup_code in body
    make_ready(order=other, by=alice)
    hand_over(order=other, code=other.pickup_code, by=alice)
    sound()


def test_she_keeps_it_after_all_and_the_other_one_is_free_again(worn, shirt, alice):
    refund = agree(ask(worn, shirt["M"]), alice)
    withdraw_refund(refund=refund, version=refund.version)
    assert free(shirt["M"]) == 5
    assert worn.lines.get().left == 2
    sound()


def test_a_shop_cannot_promise_what_it_does_not_have(worn, shirt, alice, store):
    refund = ask(worn, shirt["M"])
    sell_at_counter(variant=shirt["M"], store=store, by=alice, quantity=5)
    with pytest.raises(OutOfStock, match="Shirt M is sold out"):
        agree(refund, alice)
    refund.refresh_from_db()
    assert refund.state == RefundState.REQUESTED
    sound()
    refund = approve_refund(refund=refund, version=refund.version, by=alice, money=True)
    assert (refund.kind, refund.amount, refund.state) == ("return", 6900, RefundState.AWAITING)
    sound()


def test_silence_puts_it_aside_or_gives_the_money_if_it_is_sold_out(worn, shirt, alice, store):
    first, second = ask(worn, shirt["M"]), ask(worn, shirt["L"])
    sell_at_counter(variant=shirt["L"], store=store, by=alice, quantity=5)
    Refund.objects.update(answer_by=timezone.now() - timedelta(minutes=1))
    agree_refunds()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.kind, first.state) == ("exchange", RefundState.AWAITING)
    assert (second.kind, second.state) == ("return", RefundState.AWAITING)
    assert second.amount == 6900
    sound()


def test_an_old_page_agrees_to_nothing(worn, shirt, alice):
    refund = ask(worn, shirt["M"])
    agree(refund, alice)
    for money in (False, True):
        with pytest.raises((RefundMoved, WrongState)):
            approve_refund(refund=refund, version=1, by=alice, money=money)
    assert free(shirt["M"]) == 4
    sound()


def test_money_instead_is_for_exchanges_alone(worn, alice):
    line = worn.lines.get()
    refund = request_refund(order=worn, pieces={line.pk: 1}, kind=RefundKind.RETURN)
    with pytest.raises(WrongState):
        approve_refund(refund=refund, version=refund.version, by=alice, money=True)


def test_only_the_same_product_is_given_for_it(worn, cup, shop, dan, shirt):
    with pytest.raises(NotExchanged):
        ask(worn, cup.variants.get())
    line = worn.lines.get()
    with pytest.raises(NotExchanged):
        request_refund(order=worn, pieces={line.pk: 1}, kind=RefundKind.EXCHANGE)


def test_what_was_not_sent_is_called_off_not_exchanged(shop, dan, shirt):
    order = buy(shop, dan, {shirt["S"].pk: 1})
    with pytest.raises(WrongState):
        ask(order, shirt["M"])


def test_the_platform_gives_money_where_a_shop_refused_to_exchange(worn, shirt, alice):
    refund = ask(worn, shirt["M"])
    refuse_refund(refund=refund, version=refund.version, by=alice, words="It was worn")
    dispute = open_dispute(refund=refund, words="It was not")
    decide_dispute(dispute=dispute, verdict=Verdict.GIVEN, reason="Photos show it", by=alice)
    given = Refund.objects.get(state=RefundState.AWAITING)
    assert (given.kind, given.amount) == ("return", 6900)
    sound()


def test_both_sides_are_told_in_words_of_an_exchange(worn, shirt, alice, store):
    refund = ask(worn, shirt["M"])
    staff = Notification.objects.filter(key__startswith="email:refund_requested")
    assert "¥" not in staff.get().subject
    refund = agree(refund, alice)
    body = Notification.objects.get(key__startswith="sms:refund_approved").body
    assert "keeps Shirt M for you" in body
    refund = send_back(
        refund=refund, version=refund.version, carrier="sf", tracking_number="SF7654321"
    )
    other = back(refund, alice, store)
    body = Notification.objects.get(key=f"sms:order_paid:{other.number}").body
    assert "packing what you get instead" in body
    assert "0.00" not in body


def test_the_invariants_notice_what_does_not_add_up(worn, shirt, alice, store):
    refund = agree(ask(worn, shirt["M"]), alice)
    held = Reservation.objects.get(reference=f"exchange:{refund.public_id}")
    Reservation.objects.filter(pk=held.pk).update(reference="x")
    assert {one.invariant for one in offenders(ALL, timezone.now())} == {
        "what is wanted is put aside exactly while its goods are awaited"
    }
    Reservation.objects.filter(pk=held.pk).update(reference=held.reference)
    other = back(refund, alice, store)
    Line.objects.filter(order=other).update(credit=6901)
    found = {one.invariant for one in offenders(ALL, timezone.now())}
    assert "a replacement is what was wanted, and is paid with what came back" in found
