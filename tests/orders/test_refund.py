"""Money goes back once, for pieces that were paid for, and nothing leaves meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import override

from livestream.selectors.invariant import ALL
from merchants.models import Notification, Stock
from merchants.selectors.invariant import offenders
from orders.errors import (
    BadTracking,
    NothingToRefund,
    RefundMoved,
    RefundTooLarge,
    WrongState,
)
from orders.models import BankEntry, LedgerEntry, Line, Order, Payment, Refund
from orders.payments import sandbox
from orders.rules.line import LineState
from orders.rules.refund import Leg, RefundKind, RefundState
from orders.services.coupon import claim_coupon
from orders.services.order import place_order
from orders.services.payback import Outcome, finish_refund, lease
from orders.services.payment import open_payment, settle_payment
from orders.services.refund import (
    approve_refund,
    give_refund,
    refuse_refund,
    request_refund,
    send_back,
    take_back,
    withdraw_refund,
)
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order
from orders.tasks import agree_refunds, send_refunds
from tests.conftest import DAN


def buy(shop, dan, basket, **more) -> Order:
    order = place_order(
        merchant=shop, customer=dan, basket=basket, contact=DAN, language="en", **more
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


@pytest.fixture
def two(shop, dan, variant, cup) -> Order:
    """Two of one and one of another, paid, with a parcel to pay for."""
    shop.shipping_fee, shop.free_shipping_from = 800, 10**9
    shop.save()
    return buy(shop, dan, {variant.pk: 2, cup.variants.get().pk: 1})


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def whole(order: Order) -> dict[int, int]:
    return {line.pk: line.quantity for line in order.lines.all()}


def sound() -> None:
    assert list(offenders(ALL, timezone.now())) == []


def held() -> int:
    return Stock.objects.aggregate(n=Sum("reserved"))["n"]


def balance(order: Order) -> dict[str, int]:
    rows = LedgerEntry.objects.filter(order=order).values("account")
    return {row["account"]: row["n"] for row in rows.annotate(n=Sum("amount")).order_by()}


def news(kind: str) -> int:
    return Notification.objects.filter(key__startswith=f"sms:{kind}:").count()


def test_an_order_that_was_not_sent_goes_back_whole_with_the_parcels_price(two, alice):
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY, words="sorry")
    assert refund.amount == two.total
    assert held() == 3
    sound()
    approve_refund(refund=refund, version=refund.version, by=alice)
    two.refresh_from_db()
    assert two.state == LineState.REFUNDED
    assert held() == 0
    sound()
    send_refunds()
    send_refunds()
    refund.refresh_from_db()
    assert (refund.state, refund.money) == (RefundState.REFUNDED, Leg.DONE)
    assert balance(two) == {
        "gateway": 0,
        "goods": two.shipping - two.total,
        "shipping": -two.shipping,
        "refunds": two.total,
    }
    assert BankEntry.objects.aggregate(n=Sum("amount"))["n"] == 0
    assert news("refund_approved") == news("refunded") == 1
    sound()


def test_one_of_two_pieces_goes_back_and_the_rest_is_sent(two, alice, variant):
    line = two.lines.get(variant=variant)
    refund = give_refund(order=two, pieces={line.pk: 1}, by=alice, words="one is broken")
    assert refund.amount == line.amount // 2
    two.refresh_from_db()
    line.refresh_from_db()
    assert (two.state, line.to_send, line.left) == (LineState.PAID, 1, 1)
    assert held() == 2
    send_refunds()
    sound()
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    assert Stock.objects.get(variant=variant).on_hand == 10 - 1
    sound()


def test_a_line_that_goes_back_whole_leaves_the_other_to_be_sent(two, alice, variant):
    gone, stays = two.lines.get(variant=variant), two.lines.exclude(variant=variant).get()
    refund = give_refund(order=two, pieces={gone.pk: 2}, by=alice)
    assert refund.amount == gone.paid
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    gone.refresh_from_db()
    stays.refresh_from_db()
    assert (gone.state, stays.state) == (LineState.REFUNDED, LineState.SHIPPED)
    sound()


def test_nothing_leaves_while_its_money_is_asked_back(two, alice):
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY)
    with pytest.raises(WrongState):
        ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    refuse_refund(refund=refund, version=refund.version, by=alice, words="It is packed already")
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    sound()


def test_nothing_is_handed_over_while_its_money_is_asked_back(shop, dan, variant, store, alice):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    refund = request_refund(order=order, pieces=whole(order), kind=RefundKind.MONEY)
    with pytest.raises(WrongState):
        make_ready(order=order, by=alice)
    withdraw_refund(refund=refund, version=refund.version)
    make_ready(order=order, by=alice)
    refund = request_refund(order=order, pieces=whole(order), kind=RefundKind.MONEY)
    with pytest.raises(WrongState):
        hand_over(order=order, code=order.pickup_code, by=alice)
    approve_refund(refund=refund, version=refund.version, by=alice)
    order.refresh_from_db()
    assert order.state == LineState.REFUNDED
    with pytest.raises(WrongState):
        hand_over(order=order, code=order.pickup_code, by=alice)
    sound()


def test_goods_that_were_sent_come_back_first(two, alice, store, variant):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    confirm_delivery(order=two, by=alice)
    line = two.lines.get(variant=variant)
    before = Stock.objects.get(variant=variant, store=store).on_hand
    refund = request_refund(order=two, pieces={line.pk: 1}, kind=RefundKind.RETURN, reason="broken")
    refund = approve_refund(refund=refund, version=refund.version, by=alice)
    assert (refund.state, refund.money) == (RefundState.AWAITING, Leg.NONE)
    send_refunds()
    assert balance(two)["gateway"] == two.total
    with pytest.raises(BadTracking):
        send_back(refund=refund, version=refund.version, carrier="sf", tracking_number="?")
    refund = send_back(
        refund=refund, version=refund.version, carrier="zto", tracking_number="ZT7654321"
    )
    assert Stock.objects.get(variant=variant, store=store).on_hand == before
    refund = take_back(refund=refund, version=refund.version, by=alice, store=store)
    assert Stock.objects.get(variant=variant, store=store).on_hand == before + 1
    sound()
    send_refunds()
    assert balance(two)["gateway"] == two.total - refund.amount
    two.refresh_from_db()
    assert two.state == LineState.DELIVERED
    sound()


def test_what_cannot_be_sold_again_brings_no_stock_back(two, alice, store, variant):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    before = Stock.objects.get(variant=variant, store=store).on_hand
    line = two.lines.get(variant=variant)
    refund = request_refund(order=two, pieces={line.pk: 2}, kind=RefundKind.RETURN)
    refund = approve_refund(refund=refund, version=refund.version, by=alice)
    take_back(refund=refund, version=refund.version, by=alice)
    assert Stock.objects.get(variant=variant, store=store).on_hand == before
    sound()


def test_no_piece_is_asked_back_twice(two, variant):
    line = two.lines.get(variant=variant)
    first = request_refund(order=two, pieces={line.pk: 1}, kind=RefundKind.MONEY)
    with pytest.raises(NothingToRefund, match="only 1"):
        request_refund(order=two, pieces={line.pk: 2}, kind=RefundKind.MONEY)
    withdraw_refund(refund=first, version=first.version)
    request_refund(order=two, pieces={line.pk: 2}, kind=RefundKind.MONEY)
    sound()


def test_two_clerks_answer_and_the_second_is_told(two, alice, bob):
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY)
    seen = refund.version
    refuse_refund(refund=refund, version=seen, by=alice, words="no")
    with pytest.raises((RefundMoved, WrongState)):
        approve_refund(refund=refund, version=seen, by=bob)
    stale = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY)
    with pytest.raises(RefundMoved):
        approve_refund(refund=stale, version=stale.version + 1, by=bob)
    assert Payment.objects.get(order=two).paid_back == 0
    sound()


@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_no_more_is_given_than_was_paid(two, alice, amount):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    with pytest.raises(RefundTooLarge):
        give_refund(order=two, pieces=whole(two), by=alice, amount=amount)
    assert not Refund.objects.exists()
    assert not Line.objects.filter(asked_back__gt=0).exists()


def test_part_of_the_price_leaves_the_goods_to_be_sent_back_for_the_rest(two, alice, variant):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    line = two.lines.get(variant=variant)
    gift = give_refund(order=two, pieces={line.pk: 1}, by=alice, amount=500, words="a scratch")
    assert (gift.kind, gift.amount) == (RefundKind.GOODWILL, 500)
    assert Line.objects.get(pk=line.pk).left == 2
    sound()
    rest = request_refund(order=two, pieces={line.pk: 2}, kind=RefundKind.RETURN)
    assert rest.amount == line.paid - 500
    approve_refund(refund=rest, version=rest.version, by=alice)
    with pytest.raises(RefundTooLarge):
        give_refund(order=two, pieces={line.pk: 1}, by=alice, amount=1)
    sound()


def test_what_has_not_been_sent_goes_back_at_its_whole_price(two, alice, variant):
    line = two.lines.get(variant=variant)
    with pytest.raises(RefundTooLarge, match="whole price"):
        give_refund(order=two, pieces={line.pk: 1}, by=alice, amount=500)


def test_shipping_goes_back_once_and_only_when_nothing_is_sent(two, alice, variant):
    first, second = two.lines.get(variant=variant), two.lines.exclude(variant=variant).get()

    def ask(line):
        pieces = {line.pk: line.quantity}
        return request_refund(order=two, pieces=pieces, kind=RefundKind.MONEY)

    asked, other = ask(first), ask(second)
    assert (asked.shipping, other.shipping) == (0, 0)
    approve_refund(refund=other, version=other.version, by=alice)
    withdraw_refund(refund=asked, version=asked.version)
    sound()
    again = ask(first)
    assert again.shipping == two.shipping == 800
    approve_refund(refund=again, version=again.version, by=alice)
    assert Payment.objects.get().paid_back == two.total
    sound()


def test_two_requests_for_all_of_it_bring_the_shipping_with_the_second(two, alice, variant):
    first, second = (
        request_refund(order=two, pieces={line.pk: line.quantity}, kind=RefundKind.MONEY)
        for line in two.lines.all()
    )
    for one in (first, second):
        approve_refund(refund=one, version=one.version, by=alice)
    assert Payment.objects.get().paid_back == two.total
    send_refunds()
    assert balance(two)["gateway"] == 0
    sound()


def test_what_cost_nothing_can_be_called_off_too(shop, dan, variant, store, alice, coupon):
    type(coupon).objects.update(amount=16800)
    coupon.refresh_from_db()
    voucher = claim_coupon(coupon=coupon, customer=dan)
    contact = replace(DAN, store=store)
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=contact,
        language="en",
        voucher=voucher,
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    assert order.total == 0
    refund = give_refund(order=order, pieces=whole(order), by=alice)
    assert (refund.state, refund.amount) == (RefundState.REFUNDED, 0)
    assert held() == 0
    sound()


def test_who_changes_her_mind_keeps_the_goods_and_the_shop_its_promise(two, alice, variant):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    line = two.lines.get(variant=variant)
    refund = request_refund(order=two, pieces={line.pk: 2}, kind=RefundKind.RETURN)
    refund = approve_refund(refund=refund, version=refund.version, by=alice)
    refund = withdraw_refund(refund=refund, version=refund.version)
    assert Payment.objects.get().paid_back == 0
    assert Line.objects.get(pk=line.pk).left == 2
    sound()


@pytest.mark.parametrize("sent", [False, True])
def test_a_return_that_nobody_ends_ends_by_itself(two, alice, sent):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.RETURN)
    refund = approve_refund(refund=refund, version=refund.version, by=alice)
    if sent:
        parcel = {"carrier": "sf", "tracking_number": "SF7654321"}
        refund = send_back(refund=refund, version=refund.version, **parcel)
        with pytest.raises(WrongState):
            withdraw_refund(refund=refund, version=refund.version)
    Refund.objects.update(answer_by=timezone.now())
    agree_refunds()
    refund.refresh_from_db()
    assert refund.state == (RefundState.RETURNED if sent else RefundState.WITHDRAWN)
    sound()


def test_silence_is_no_consent_to_money_for_goods_that_she_keeps(two, alice):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY)
    assert refund.answer_by is None
    refuse_refund(refund=refund, version=refund.version, by=alice, words="no")
    assert request_refund(order=two, pieces=whole(two), kind=RefundKind.RETURN).answer_by is None


def test_long_after_the_parcel_came_and_after_many_tries_the_page_asks_no_more(two, alice):
    ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    confirm_delivery(order=two, by=alice)
    for _try in range(5):
        refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.RETURN)
        withdraw_refund(refund=refund, version=refund.version)
    with pytest.raises(NothingToRefund, match="often enough"):
        request_refund(order=two, pieces=whole(two), kind=RefundKind.RETURN)
    two.steps.filter(state="delivered").update(at=timezone.now() - timedelta(days=16))
    with pytest.raises(NothingToRefund, match="15 days"):
        request_refund(order=two, pieces=whole(two), kind=RefundKind.RETURN)


@pytest.mark.parametrize("kind", ["refund_requested", "refund_agreed", "refund_failed"])
def test_the_dashboard_calls_a_refund_a_refund_where_goods_are_collected(
    shop, dan, variant, store, monkeypatch, kind
):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    refund = request_refund(order=order, pieces=whole(order), kind=RefundKind.MONEY)
    Refund.objects.update(answer_by=timezone.now())
    agree_refunds()
    monkeypatch.setattr(sandbox, "refund", lambda refund: Outcome(Leg.FAILED, trouble="no"))
    send_refunds()
    notices = Notification.objects.filter(
        kind=kind, channel="in_app", key__contains=refund.public_id
    )
    assert notices.exists()
    for notice in notices:
        assert "new order" not in notice.subject.lower()
        assert notice.path.endswith("?tab=refunds")


def test_what_is_called_off_is_not_in_what_has_to_be_packed(two, alice, variant, as_alice):
    line = two.lines.get(variant=variant)
    give_refund(order=two, pieces={line.pk: 1}, by=alice)
    page = as_alice.get(f"/dashboard/{two.merchant.slug}/orders/{two.number}/").text
    assert "×1" in page
    assert "×2" not in page


@pytest.mark.parametrize("count", [-1, 99])
def test_no_absurd_number_of_pieces(two, variant, count):
    line = two.lines.get(variant=variant)
    with pytest.raises(NothingToRefund):
        request_refund(order=two, pieces={line.pk: count}, kind=RefundKind.MONEY)
    with pytest.raises(NothingToRefund):
        request_refund(order=two, pieces={}, kind=RefundKind.MONEY)


def test_lines_of_another_order_are_none_of_this_one(two, shop, dan, variant):
    other = buy(shop, dan, {variant.pk: 1})
    with pytest.raises(NothingToRefund):
        request_refund(order=two, pieces=whole(other), kind=RefundKind.MONEY)


def test_what_was_never_paid_has_no_refund(order, alice):
    with pytest.raises(NothingToRefund):
        give_refund(order=order, pieces=whole(order), by=alice)


def test_the_database_gives_back_no_more_than_was_paid(two):
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(order=two).update(paid_back=F("amount") + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        two.lines.update(asked_back=F("quantity") + 1)


def test_what_is_not_answered_in_two_days_is_agreed(two):
    refund = request_refund(order=two, pieces=whole(two), kind=RefundKind.MONEY)
    agree_refunds()
    refund.refresh_from_db()
    assert refund.state == RefundState.REQUESTED
    Refund.objects.update(answer_by=timezone.now() - timedelta(seconds=1))
    agree_refunds()
    agree_refunds()
    refund.refresh_from_db()
    assert refund.state == RefundState.APPROVED
    assert refund.steps.last().by is None
    sound()


def test_a_gateway_that_fails_is_asked_again_and_pays_once(two, alice, monkeypatch):
    answers = [Outcome(Leg.FAILED, trouble="balance too low"), ConnectionError("gone")]
    real = sandbox.refund

    def moody(refund):
        if not answers:
            return real(refund)
        answer = answers.pop()
        if isinstance(answer, Exception):
            real(refund)  # it paid, and its answer was lost
            raise answer
        return answer

    monkeypatch.setattr(sandbox, "refund", moody)
    refund = give_refund(order=two, pieces=whole(two), by=alice)
    for _try in range(5):
        send_refunds()
        sound()
        Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now())
    refund.refresh_from_db()
    assert (refund.money, refund.tries) == (Leg.DONE, 3)
    assert BankEntry.objects.filter(number=refund.public_id).count() == 1
    told = Notification.objects.filter(kind="refund_failed", channel="in_app")
    assert told.count() == 1
    sound()


def test_of_two_workers_one_goes_to_the_gateway(two, alice):
    refund = give_refund(order=two, pieces=whole(two), by=alice)
    now = timezone.now()
    assert lease(refund=refund, now=now)
    assert not lease(refund=refund, now=now)
    done = Outcome(Leg.DONE, transaction="t")
    finish_refund(refund=refund, outcome=done)
    finish_refund(refund=refund, outcome=done)
    assert LedgerEntry.objects.filter(account="refunds").count() == 1
    sound()


def test_money_that_came_twice_goes_back_by_itself(two):
    payment = two.payments.get()
    BankEntry.objects.create(
        number="again", transaction="tx-again", amount=two.total, currency="CNY", at=timezone.now()
    )
    real = {"amount": payment.amount, "currency": payment.currency}
    surplus = settle_payment(payment=payment, transaction_id="tx-again", **real)
    assert surplus.refund_due
    assert two.to_pay_back == two.total
    sound()
    send_refunds()
    assert Refund.objects.get(kind="surplus").money == Leg.DONE
    assert Order.objects.get(pk=two.pk).to_pay_back == 0
    assert balance(two)["gateway"] == two.total
    assert balance(two)["surplus"] == 0
    sound()


def test_a_coupon_comes_back_with_an_order_that_came_to_nothing(shop, dan, variant, coupon, alice):
    voucher = claim_coupon(coupon=coupon, customer=dan)
    order = buy(shop, dan, {variant.pk: 1}, voucher=voucher)
    assert order.discount == 2000
    refund = give_refund(order=order, pieces=whole(order), by=alice)
    assert refund.amount == order.total
    voucher.refresh_from_db()
    assert voucher.state == "claimed"
    sound()
