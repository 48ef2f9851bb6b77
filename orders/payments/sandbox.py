"""The practice bank: real pages, real signatures, no money.

It talks to the shop as a real provider would: the page makes a signed message, and the shop
believes nothing but the signature.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.conf import settings

from orders.errors import BadCallback
from orders.models import Payment
from orders.rules.payment import signature
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
