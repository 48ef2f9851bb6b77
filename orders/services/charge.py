"""What a provider says of a payment becomes what the shop does about it.

It says so by a callback, or because it was asked: `orders.tasks.ask_gateways` asks about every
payment that did not end, each leased by its own row before anybody is called, outside any
transaction. Killed between the provider's charge and our commit, the next question finds it (P3).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from merchants.models import Merchant
from orders.errors import BadCallback
from orders.models import Payment
from orders.rules.line import LineState
from orders.rules.payment import KNOWN_BY, Charge, PaymentState, Standing, is_transaction, next_ask
from orders.services.payment import locked_payment, settle_locked

LEASE = timedelta(minutes=1)  # longer than any gateway's time limit


def lease(*, payment: Payment, now: datetime) -> bool:
    """Whether this question is ours: of two workers one goes to the gateway."""
    seen = Payment.objects.filter(pk=payment.pk, next_ask_at=payment.next_ask_at)
    return bool(seen.update(asks=F("asks") + 1, next_ask_at=now + LEASE))


def is_over(payment: Payment, now: datetime) -> bool:
    """Nobody is to pay this any more: it was given up, or its order has ended or run out."""
    order = payment.order
    waits = order.state == LineState.PENDING and order.pay_by > now
    return payment.state != PaymentState.CREATED or not waits


@transaction.atomic
def hear_charge(*, gateway: str, merchant: Merchant, charge: Charge) -> Payment:
    """A verified callback, meant for this merchant. Raises BadCallback and changes nothing."""
    known = {"public_id": charge.payment, "gateway": gateway, "order__merchant": merchant}
    return _note(locked_payment(**known), charge)


@transaction.atomic
def note_charge(*, payment: Payment, charge: Charge) -> Payment:
    """Write down where the payment stands. What was charged is settled, in whatever state it is.

    What is settled stays so, whatever is said afterwards. Raises BadCallback if it is not about
    this payment, or about another amount.
    """
    return _note(locked_payment(pk=payment.pk), charge)


def _note(payment: Payment | None, charge: Charge) -> Payment:
    if payment is None or charge.payment != payment.public_id:
        raise BadCallback
    if charge.standing == Standing.PAID:
        if not is_transaction(charge.transaction):
            raise BadCallback
        return settle_locked(payment, charge.transaction, charge.amount, charge.currency)
    if payment.state == PaymentState.SETTLED:
        return payment
    now = timezone.now()
    if charge.standing == Standing.REFUSED:
        _write(payment, state=PaymentState.FAILED.value, trouble=charge.trouble[:200])
    elif _is_final(payment, charge, now):
        said = "" if payment.state == PaymentState.CREATED else payment.trouble
        _write(payment, state=PaymentState.FAILED.value, next_ask_at=None, trouble=said)
    else:
        _write(payment, next_ask_at=now + next_ask(payment.asks))
    return payment


def put_off(*, payment: Payment, trouble: str) -> None:
    """The gateway could not be asked: it is asked again, more and more seldom."""
    unknown = Payment.objects.filter(pk=payment.pk, next_ask_at__isnull=False)
    unknown.update(next_ask_at=timezone.now() + next_ask(payment.asks + 1))
    # What a bank said when it declined stays: the shopper is told so.
    unknown.filter(state=PaymentState.CREATED).update(trouble=trouble[:200])


def ask_soon(*, payment: Payment) -> None:
    """Somebody says that she has paid: the next sweep asks. Not more often than the first time.

    It may break a lease: asking twice changes nothing, and she is looking at the page.
    """
    now = timezone.now()
    waits = Payment.objects.filter(pk=payment.pk, next_ask_at__gt=now, asks__lt=20)
    waits.filter(created_at__lt=now - timedelta(seconds=3)).update(next_ask_at=now)


def _is_final(payment: Payment, charge: Charge, now: datetime) -> bool:
    """It ended without money. Alipay does not know a payment until its page is opened, and lets
    nobody open it once the time to pay is over."""
    if charge.standing == Standing.CLOSED:
        return True
    return charge.standing == Standing.UNKNOWN and payment.order.pay_by + KNOWN_BY <= now


def _write(payment: Payment, **fields: object) -> None:
    Payment.objects.filter(pk=payment.pk).update(**fields)
    for name, value in fields.items():
        setattr(payment, name, value)
