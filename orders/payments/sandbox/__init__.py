"""The practice bank: real pages, real signatures, no money.

It talks to the shop as a real provider would: it signs what it says, and the shop believes nothing
but the signature. It keeps no list of what was closed, so that late money can be practised.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, fields

from django.conf import settings
from django.db import transaction as database
from django.db.models import Sum
from django.utils import timezone

from merchants.models import Merchant
from orders.errors import BadCallback, CannotPay
from orders.models import BankEntry, Payment, Refund
from orders.payments.gateway import LARGEST, Heard, Reply, Step, Visit
from orders.rules.payment import Charge, Standing, signature
from orders.rules.refund import Leg
from orders.services.charge import hear_charge
from orders.services.payback import Outcome

NAME = "sandbox"
WAYS = ("",)
FRESH = 300  # seconds that a message may be on its way


@dataclass(frozen=True)
class Callback:
    """What the bank tells the shop of a payment. `at`: seconds since 1970."""

    payment: str
    transaction: str
    amount: int
    currency: str
    signature: str
    merchant: str = ""
    standing: str = Standing.PAID.value
    at: int = 0

    def heard(self) -> Heard:
        """The message as it goes over the wire."""
        return Heard({"content-type": "application/json"}, json.dumps(asdict(self)).encode())


def signed(payment: Payment, transaction: str, standing: Standing) -> Callback:
    """A message of the bank, signed by it."""
    said = (payment.public_id, transaction, payment.amount, payment.currency)
    about = (payment.order.merchant.slug, standing.value, int(timezone.now().timestamp()))
    return Callback(*said, signature(settings.SANDBOX_SECRET, *said, *about), *about)


def charge(payment: Payment) -> Callback:
    """What the practice bank does when the shopper presses pay. It charges a payment once."""
    if not settings.SANDBOX_PAYMENTS:
        raise CannotPay
    transaction = f"sb_{payment.public_id}"
    entry = BankEntry(
        number=payment.public_id,
        transaction=transaction,
        amount=payment.amount,
        currency=payment.currency,
        at=timezone.now(),
    )
    BankEntry.objects.bulk_create([entry], ignore_conflicts=True)
    return signed(payment, transaction, Standing.PAID)


def receive(message: Callback) -> Payment:
    """The shop's side: verify, then settle. Raises BadCallback and changes nothing."""
    found = _verified(message)
    merchant = Merchant.objects.filter(slug=message.merchant).first()
    if merchant is None:
        raise BadCallback
    return hear_charge(gateway=NAME, merchant=merchant, charge=found)


def start(payment: Payment, visit: Visit) -> Step:
    """The bank's page is ours."""
    return Step("page", visit.back)


def hear(merchant: Merchant, heard: Heard) -> Charge:
    """The facts of a callback. Raises BadCallback unless it is genuine, fresh and for this shop."""
    if not settings.SANDBOX_PAYMENTS:
        raise BadCallback  # where the bank is closed nobody speaks for it
    if heard.headers.get("content-type") != "application/json" or len(heard.body) > LARGEST:
        raise BadCallback
    message = _read(heard.body)
    found = _verified(message)
    if message.merchant != merchant.slug or abs(timezone.now().timestamp() - message.at) > FRESH:
        raise BadCallback
    return found


def reply(trouble: str = "") -> Reply:
    return Reply(400, trouble) if trouble else Reply(200, "OK")


def ask(payment: Payment) -> Charge:
    """What the bank's book says of a payment."""
    entry = BankEntry.objects.filter(number=payment.public_id).first()
    if entry is None:
        return Charge(payment.public_id, Standing.OPEN)
    paid = (entry.transaction, entry.amount, entry.currency)
    return Charge(payment.public_id, Standing.PAID, *paid)


def close(payment: Payment) -> Charge:
    found = ask(payment)
    return found if found.standing == Standing.PAID else Charge(found.payment, Standing.CLOSED)


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


def ask_refund(wanted: Refund) -> Outcome:
    if BankEntry.objects.filter(number=wanted.public_id, amount=-wanted.amount).exists():
        return Outcome(Leg.DONE, transaction=f"sbr_{wanted.public_id}")
    return Outcome(Leg.FAILED, trouble="no such refund")


def check(merchant: Merchant) -> None:
    """It takes everybody."""


def _read(body: bytes) -> Callback:
    try:
        said = json.loads(body)
        kinds = {field.name: int if field.type == "int" else str for field in fields(Callback)}
        if set(said) != set(kinds) or any(type(said[name]) is not kinds[name] for name in kinds):
            raise BadCallback
        for value in said.values():
            str(value).encode()  # half a letter is a ValueError
        return Callback(**said)
    except (ValueError, TypeError, RecursionError) as trouble:
        raise BadCallback from trouble


def _verified(message: Callback) -> Charge:
    said = (message.payment, message.transaction, message.amount, message.currency)
    about = (message.merchant, message.standing, message.at)
    genuine = signature(settings.SANDBOX_SECRET, *said, *about)
    if not hmac.compare_digest(genuine.encode(), message.signature.encode()):
        raise BadCallback
    return Charge(
        payment=message.payment,
        standing=Standing(message.standing),
        transaction=message.transaction,
        amount=message.amount,
        currency=message.currency,
        trouble="" if message.standing == Standing.PAID else "declined",
    )
