"""A refusal that the buyer does not accept: asked once, answered once, decided once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.models import Notification, User
from merchants.selectors.invariant import offenders
from orders.errors import DisputeOver, NothingSaid, NothingToRefund, WrongState
from orders.models import Dispute, Refund
from orders.rules.dispute import Verdict
from orders.rules.refund import Leg, RefundKind, RefundState
from orders.services.dispute import answer_dispute, decide_dispute, open_dispute
from orders.services.refund import refuse_refund, request_refund
from orders.services.shipment import confirm_delivery, ship_order
from tests.races.shopper import at_once


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    yield
    assert list(offenders(ALL, timezone.now())) == []


@pytest.fixture
def judge(db) -> User:
    return User.objects.create_superuser("judge@example.com", "tea-tea-tea")


@pytest.fixture
def refused(paid, bob) -> Refund:
    return refuse(paid, bob)


def refuse(order, bob, kind=RefundKind.MONEY) -> Refund:
    refund = request_refund(
        order=order, pieces={line.pk: 1 for line in order.lines.all()}, kind=kind, reason="broken"
    )
    return refuse_refund(refund=refund, version=refund.version, by=bob, words="It was whole")


def test_what_was_refused_is_given_after_all(refused, judge):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    decided = decide_dispute(
        dispute=dispute, verdict=Verdict.GIVEN, reason="The picture shows it", by=judge
    )
    outcome = decided.outcome
    assert (outcome.state, outcome.money) == (RefundState.APPROVED, Leg.PROCESSING)
    assert outcome.amount == refused.amount
    assert [step.by for step in outcome.steps.all()] == [None, judge]
    refused.refresh_from_db()
    assert refused.state == RefundState.REFUSED  # final is final
    told = Notification.objects.filter(kind="dispute_decided", to=refused.order.phone).get()
    assert "The picture shows it" in told.body
    assert not Notification.objects.filter(kind="refund_approved").exists()  # the shop did not


def test_goods_that_were_to_come_back_first_still_do(paid, bob, judge):
    ship_order(order=paid, carrier="sf", tracking_number="SF1234567890", by=bob)
    confirm_delivery(order=paid, by=None)
    refund = refuse(paid, bob, RefundKind.RETURN)
    dispute = open_dispute(refund=refund, words="The lid is cracked")
    decided = decide_dispute(dispute=dispute, verdict=Verdict.GIVEN, reason="Yes", by=judge)
    assert decided.outcome.state == RefundState.AWAITING
    assert decided.outcome.money == Leg.NONE


def test_a_refusal_that_stands_moves_no_money(refused, judge):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    decide_dispute(dispute=dispute, verdict=Verdict.STANDS, reason="It was whole", by=judge)
    assert Refund.objects.count() == 1
    line = refused.order.lines.get()
    assert line.asked_back == 0


def test_it_is_asked_once_and_in_time_and_about_a_refusal(refused, paid):
    with pytest.raises(NothingSaid):
        open_dispute(refund=refused, words="  ")
    open_dispute(refund=refused, words="The lid is cracked")
    with pytest.raises(WrongState):
        open_dispute(refund=refused, words="Again")
    assert Dispute.objects.count() == 1
    open_one = request_refund(
        order=paid, pieces={line.pk: 1 for line in paid.lines.all()}, kind=RefundKind.MONEY
    )
    with pytest.raises(WrongState):
        open_dispute(refund=open_one, words="Now")


def test_after_two_weeks_it_is_too_late(refused):
    with time_machine.travel(timezone.now() + timedelta(days=14)), pytest.raises(WrongState):
        open_dispute(refund=refused, words="The lid is cracked")


def test_the_shop_has_its_say_once_and_before_the_decision(refused, bob, judge):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    with pytest.raises(NothingSaid):
        answer_dispute(dispute=dispute, words="", by=bob)
    answer_dispute(dispute=dispute, words="We packed it whole", by=bob)
    with pytest.raises(DisputeOver):
        answer_dispute(dispute=dispute, words="And well", by=bob)
    dispute.refresh_from_db()
    assert (dispute.answer, dispute.answered_by) == ("We packed it whole", bob)


@pytest.mark.parametrize("second", list(Verdict))
def test_it_is_decided_once(refused, judge, second):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    decide_dispute(dispute=dispute, verdict=Verdict.GIVEN, reason="Yes", by=judge)
    with pytest.raises(DisputeOver):
        decide_dispute(dispute=dispute, verdict=second, reason="Or no", by=judge)
    assert Refund.objects.count() == 2


def test_what_was_given_back_meanwhile_is_not_given_twice(refused, paid, bob, judge):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    line = paid.lines.get()
    request_refund(order=paid, pieces={line.pk: line.quantity}, kind=RefundKind.MONEY)
    with pytest.raises(NothingToRefund):
        decide_dispute(dispute=dispute, verdict=Verdict.GIVEN, reason="Yes", by=judge)
    dispute.refresh_from_db()
    assert dispute.is_open  # nothing of it was written


def test_buyer_shop_and_admin_do_it_on_their_pages(client, as_alice, refused, judge, dan):
    order = refused.order
    order.device = dan.device
    order.save()
    session = client.session
    session["device"] = str(dan.device)
    session.save()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    where = reverse("track:order", args=[order.number])
    assert "Ask the platform" in client.get(where).text
    client.post(
        reverse("track:refund_dispute", args=[order.number, refused.public_id]),
        {"words": "Lid <b>cracked</b>"},
    )
    shown = client.get(where).text
    assert "You asked the platform" in shown
    assert "Ask the platform to decide" not in shown
    detail = reverse("orders:order_detail", args=[order.merchant.slug, order.number])
    assert "Lid &lt;b&gt;cracked" in as_alice.get(detail).text
    as_alice.post(
        reverse(
            "orders:dispute_answer", args=[order.merchant.slug, order.number, refused.public_id]
        ),
        {"words": "We packed it whole"},
    )
    dispute = Dispute.objects.get()
    client.force_login(judge)
    assert "Buyers who wait for the platform <b>1</b>" in client.get(reverse("admin:index")).text
    desk = reverse("admin:orders_dispute_change", args=[dispute.pk])
    assert "We packed it whole" in client.get(desk).text
    assert client.post(desk, {"verdict": "given", "reason": ""}).status_code == 200
    assert Dispute.objects.get().is_open
    client.post(desk, {"verdict": "given", "reason": "The picture shows it"})
    assert Dispute.objects.get().verdict == "given"
    again = client.post(desk, {"verdict": "stands", "reason": "Or no"})
    assert again.status_code == 403
    assert Refund.objects.count() == 2
    assert "The picture shows it" in as_alice.get(detail).text


def test_a_device_that_did_not_buy_asks_nobody(client, refused):
    client.post(
        reverse("track:refund_dispute", args=[refused.order.number, refused.public_id]),
        {"words": "Give it to me"},
    )
    assert not Dispute.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_decide_once(refused, judge):
    dispute = open_dispute(refund=refused, words="The lid is cracked")
    acts = [
        lambda v=v: decide_dispute(
            dispute=Dispute.objects.get(pk=dispute.pk), verdict=v, reason="So", by=judge
        )
        for v in [Verdict.GIVEN, Verdict.STANDS] * 3
    ]
    results = at_once(acts)
    assert sum(isinstance(one, Dispute) for one in results) == 1
    assert sum(isinstance(one, DisputeOver) for one in results) == 5
    given = Dispute.objects.get().verdict == Verdict.GIVEN
    assert Refund.objects.count() == (2 if given else 1)
