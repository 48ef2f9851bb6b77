"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from orders.errors import WrongState
from orders.models import Order
from orders.rules.line import LineState
from orders.services.order import move_order

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
