"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from orders.errors import BadCallback, RefundMoved, WrongState
from orders.models import Order, Payment, Refund, Shipment
from orders.payments import gateway_of
from orders.payments.gateway import GatewayTrouble, Refused
from orders.rules.line import LineState
from orders.rules.payment import Charge
from orders.rules.refund import Leg
from orders.selectors.tracking import parcels_to_ask
from orders.selectors.waitlist import lapsed_offers, served_variants
from orders.services import charge as charges
from orders.services import refund_photo, review_photo
from orders.services.cart import forget_carts
from orders.services.order import move_order
from orders.services.payback import Outcome, finish_refund, lease
from orders.services.refund import go_on_without, put_off
from orders.services.tracking import lease as lease_parcel
from orders.services.tracking import note_events, note_told
from orders.services.waitlist import forget_waiting, lapse, offer_next
from orders.tracking import account_of, tracker_of, usable

_developing = threading.Lock()
logger = logging.getLogger(__name__)
GRACE = timedelta(seconds=30)  # that goods are kept for a provider that does not answer
PATIENCE = 15  # seconds that a sweep gives to providers, all together


@shared_task(ignore_result=True)
def expire_orders() -> None:
    """Give back the stock of every unpaid order past its time. Runs every 10 seconds.

    Before that its payments are closed at their providers, so that nobody pays for what is gone;
    a provider that does not answer keeps the goods for GRACE, not longer. Safe to run twice at
    once: the second run finds the order already moved.
    """
    overdue = Order.objects.overdue(timezone.now()).select_related("merchant", "voucher")
    questions = Questions()
    for order in overdue.prefetch_related("payments").order_by("pay_by")[:500]:
        try:
            if _is_closed(order, questions):
                move_order(order=order, to=LineState.EXPIRED, by=None)
        except WrongState:
            logger.info("order %s was settled while expiring", order.number)
        except Exception:  # one bad row must not keep the goods of all others
            logger.exception("order %s could not expire", order.number)


def _is_closed(order: Order, questions: Questions) -> bool:
    """Whether nobody can pay this order any more, or its provider had time enough to say so.

    If it turns out to be paid, that is settled.
    """
    in_grace = order.pay_by + GRACE > timezone.now()
    for payment in order.payments.all():
        due = payment.next_ask_at
        if due is not None and (in_grace or due <= timezone.now()):
            questions.ask(payment)
    return not (in_grace and order.payments.filter(next_ask_at__isnull=False).exists())


@shared_task(ignore_result=True)
def ask_gateways() -> None:
    """Ask what became of every payment that did not end (P3). Runs every 5 seconds."""
    due = Payment.objects.to_ask(timezone.now()).select_related("order__merchant")
    questions = Questions()
    for payment in due.order_by("next_ask_at")[:50]:
        questions.ask(payment)


class Questions:
    """What one sweep asks of gateways, outside of any transaction.

    Who does not answer twice is left alone until the next sweep, and for all answers together
    there is PATIENCE, slow ones counted as well: the sweep's own work must not wait for them.
    """

    def __init__(self) -> None:
        self.silent: Counter[tuple[str, int]] = Counter()
        self.spent = 0.0

    def ask(self, payment: Payment) -> None:
        """Close what nobody is to pay any more, ask about the rest, and write down the answer."""
        whose = (payment.gateway, payment.order.merchant_id)
        began = time.monotonic()
        if self.spent > PATIENCE:
            return
        if self.silent[whose] > 1:  # out of the way of others
            charges.put_off(payment=payment, trouble="silent")
            return
        if not charges.lease(payment=payment, now=timezone.now()):
            return
        try:
            charges.note_charge(payment=payment, charge=_stands(payment))
        except Exception as trouble:  # whatever it is, it is asked again
            known = isinstance(trouble, (GatewayTrouble, BadCallback))
            words = "payment %s: its gateway could not be asked: %s"
            logger.error(words, payment.public_id, trouble, exc_info=not known)
            charges.put_off(payment=payment, trouble=type(trouble).__name__)
            self.silent[whose] += 1
        finally:
            self.spent += time.monotonic() - began


def _stands(payment: Payment) -> Charge:
    gateway = gateway_of(payment.gateway)
    over = charges.is_over(payment, timezone.now())
    return gateway.close(payment) if over else gateway.ask(payment)


@shared_task(ignore_result=True)
def serve_waitlists() -> None:
    """What came free is held for those who wait, and what they left goes on. Every 5 seconds."""
    for waiting in lapsed_offers(timezone.now())[:200]:
        try:
            lapse(waiting=waiting, now=timezone.now())
        except Exception:  # one bad row must not keep all others waiting
            logger.exception("the offer %s could not lapse", waiting.public_id)
    for variant_id in served_variants().values_list("pk", flat=True)[:200]:
        try:
            offer_next(variant_id=variant_id)
        except Exception:
            logger.exception("the line for variant %s could not be served", variant_id)


@shared_task(ignore_result=True)
def ask_trackers() -> None:
    """Ask where the parcels are whose turn has come. Runs every minute.

    No parcel is asked about more often than each half hour. The provider is asked outside of any
    transaction; one that is silent twice is left alone until the next sweep.
    """
    began, now = time.monotonic(), timezone.now()
    silent: Counter[int] = Counter()
    for shipment in parcels_to_ask(now, usable())[:50]:
        if time.monotonic() - began > PATIENCE:
            return  # the rest has its turn in the next sweep, first of all
        if not lease_parcel(shipment=shipment, now=now) or silent[shipment.order.merchant_id] > 1:
            continue  # leased all the same: out of the way of others
        try:
            _ask_of(shipment)
        except Exception as trouble:  # whatever it is, it is asked again
            known = isinstance(trouble, GatewayTrouble)
            words = "parcel %s: its tracker could not be asked: %s"
            logger.warning(words, shipment.pk, trouble, exc_info=not known)
            silent[shipment.order.merchant_id] += not isinstance(trouble, Refused)


def _ask_of(shipment: Shipment) -> None:
    account = account_of(shipment.order.merchant_id)
    if account is None:
        return
    tracker = tracker_of(account.gateway)
    if shipment.told_since is None:
        hook = reverse("track:parcel_news", args=[tracker.NAME, shipment.order.merchant.slug])
        if tracker.subscribe(shipment, settings.SITE_URL + hook):
            note_told(shipment=shipment)
    note_events(shipment=shipment, seen=tracker.ask(shipment))


@shared_task(ignore_result=True)
def purge_carts() -> None:
    """Forget carts and waits of a season ago. Runs every hour."""
    forget_carts(timezone.now())
    forget_waiting(timezone.now())
    review_photo.forget_refused(timezone.now())


@shared_task(ignore_result=True)
def forget_photos() -> None:
    """Remove pictures whose matter is over for so long as the settings say. Runs every hour."""
    refund_photo.forget_photos(timezone.now())
    review_photo.forget_hidden(timezone.now())


@shared_task(ignore_result=True)
def develop_review_photos() -> None:
    """Make pictures of what buyers sent with their reviews. Every second; one at a time in a
    process, for a large photo takes a few hundred megabytes while it is open."""
    if not _developing.acquire(blocking=False):
        return
    try:
        for pk in review_photo.due(timezone.now()):
            review_photo.develop_photo(pk)
    finally:
        _developing.release()


@shared_task(ignore_result=True)
def agree_refunds() -> None:
    """What nobody answered in time goes on by itself. Runs every minute."""
    for refund in Refund.objects.overdue(timezone.now()).order_by("answer_by")[:200]:
        try:
            go_on_without(refund=refund)
        except (RefundMoved, WrongState):
            logger.info("refund %s was answered meanwhile", refund.public_id)
        except Exception:  # it must not stand in the way of the others for ever
            logger.exception("refund %s could not go on by itself", refund.public_id)
            put_off(refund=refund, until=timezone.now() + timedelta(hours=1))


@shared_task(ignore_result=True)
def send_refunds() -> None:
    """Ask the gateways for every refund that is due. Runs every 5 seconds.

    The gateway is called outside of any transaction: it may take its time, or never answer.
    """
    now = timezone.now()
    due = Refund.objects.due(now).select_related("payment").order_by("next_try_at")
    for refund in due[:50]:
        if not lease(refund=refund, now=timezone.now()):
            continue
        try:
            finish_refund(refund=refund, outcome=_asked(refund))
        except Exception:  # one bad row must not keep the money of all others
            logger.exception("refund %s could not be written down", refund.public_id)


def _asked(refund: Refund) -> Outcome:
    try:
        return gateway_of(refund.payment.gateway).refund(refund)
    except Exception as trouble:  # whatever it is, the money is asked for again
        logger.exception("refund %s: the gateway could not be asked", refund.public_id)
        return Outcome(Leg.FAILED, trouble=type(trouble).__name__)
