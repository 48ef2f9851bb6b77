"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from orders.errors import RefundMoved, WrongState
from orders.models import Order, Refund
from orders.payments import gateway_of
from orders.rules.line import LineState
from orders.rules.refund import Leg
from orders.services.cart import forget_carts
from orders.services.order import move_order
from orders.services.payback import Outcome, finish_refund, lease
from orders.services.refund import go_on_without, put_off
from orders.services.shipping import forget_addresses

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def expire_orders() -> None:
    """Give back the stock of every unpaid order past its time. Runs every 10 seconds.

    Safe to run twice at once: the second run finds the order already moved.
    """
    overdue = Order.objects.overdue(timezone.now()).select_related("merchant", "voucher")
    for order in overdue.order_by("pay_by")[:500]:
        try:
            move_order(order=order, to=LineState.EXPIRED, by=None)
        except WrongState:
            logger.info("order %s was settled while expiring", order.number)
        except Exception:  # one bad row must not keep the goods of all others
            logger.exception("order %s could not expire", order.number)


@shared_task(ignore_result=True)
def purge_carts() -> None:
    """Forget carts of a season ago and addresses out of use. Runs every hour."""
    forget_carts(timezone.now())
    forget_addresses(timezone.now())


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
