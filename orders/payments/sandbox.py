"""The practice bank: real pages, real signatures, no money.

It talks to the shop as a real provider would: the page makes a signed message, and the shop
believes nothing but the signature.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction as database
from django.db.models import Sum
from django.utils import timezone

from orders.errors import BadCallback
from orders.models import BankEntry, Payment, Refund
from orders.rules.payment import signature
from orders.rules.refund import Leg
from orders.services.payback import Outcome
from orders.services.payment import settle_payment

NAME = "sandbox"


@dataclass(frozen=True)
class Callback:
    """What the bank tells the shop after a payment."""

    payment: str
    transaction: str
    amount: int
    currency: str
    signature: str


def charge(payment: Payment) -> Callback:
    """What the practice bank does when the shopper presses pay. It charges a payment once."""
    transaction = f"sb_{payment.public_id}"
    BankEntry.objects.get_or_create(
        number=payment.public_id,
        defaults={
            "transaction": transaction,
            "amount": payment.amount,
            "currency": payment.currency,
            "at": timezone.now(),
        },
    )
    fields = (payment.public_id, transaction, payment.amount, payment.currency)
    return Callback(*fields, signature=signature(settings.SANDBOX_SECRET, *fields))


def receive(message: Callback) -> Payment:
    """The shop's side: verify, then settle. Raises BadCallback and changes nothing."""
    fields = (message.payment, message.transaction, message.amount, message.currency)
    genuine = signature(settings.SANDBOX_SECRET, *fields)
    if not hmac.compare_digest(genuine, message.signature):
        raise BadCallback
    payment = Payment.objects.filter(public_id=message.payment, gateway=NAME).first()
    if payment is None:
        raise BadCallback
    return settle_payment(
        payment=payment,
        transaction_id=message.transaction,
        amount=message.amount,
        currency=message.currency,
    )


@database.atomic
def refund(wanted: Refund) -> Outcome:
    """What the practice bank answers to a refund: the same number is paid once, ever.

    It never gives back more than it charged.
    """
    paid = BankEntry.objects.select_for_update().filter(
        transaction=wanted.payment.transaction, amount__gt=0
    )
    charge = paid.first()
    if charge is None or charge.currency != wanted.currency:
        return Outcome(Leg.FAILED, trouble="no such transaction")
    done = BankEntry.objects.filter(number=wanted.public_id).first()
    if done is None:
        left = BankEntry.objects.filter(transaction=charge.transaction).aggregate(n=Sum("amount"))
        if wanted.amount > left["n"]:
            return Outcome(Leg.FAILED, trouble="more than is left of the transaction")
        done = BankEntry.objects.create(
            number=wanted.public_id,
            transaction=charge.transaction,
            amount=-wanted.amount,
            currency=wanted.currency,
            at=timezone.now(),
        )
    if done.amount != -wanted.amount:
        return Outcome(Leg.FAILED, trouble="this number was used for another amount")
    return Outcome(Leg.DONE, transaction=f"sbr_{wanted.public_id}")
