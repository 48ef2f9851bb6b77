"""The life of a payment, what providers say of one, and how often they are asked. Pure.

created ──settle──> settled
   └──fail──> failed ──settle──> settled
Money that arrives for an order that can no longer be filled is settled and marked `refund_due`;
that an attempt failed, or was given up for another way to pay, turns no money away either.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FIRST_ASK = timedelta(seconds=20)
USUAL_ASK = timedelta(minutes=2)  # at the longest, while the order may still be paid
LONGEST_ASK = timedelta(hours=6)
USUAL_ASKS = 20  # after so many it is a provider in trouble, and asked more and more seldom
LONGEST_TRANSACTION = 64
KNOWN_BY = timedelta(minutes=2)  # after the time to pay: then "no such payment" is believed


class PaymentState(StrEnum):
    CREATED = "created"
    SETTLED = "settled"
    FAILED = "failed"


class Standing(StrEnum):
    """Where a payment stands at its provider."""

    OPEN = "open"  # nothing was charged, and may still be
    PAID = "paid"
    REFUSED = "refused"  # a try was declined
    CLOSED = "closed"  # nothing was charged, and never will be
    UNKNOWN = "unknown"  # no such payment there


@dataclass(frozen=True)
class Charge:
    """What a provider says of one payment, its signature verified.

    `payment` is our number of it (`Payment.public_id`); amounts in minor units.
    """

    payment: str
    standing: Standing
    transaction: str = ""
    amount: int = 0
    currency: str = ""
    trouble: str = ""


def next_ask(asks: int) -> timedelta:
    """How long after so many questions a provider is asked again what became of a payment."""
    if asks < USUAL_ASKS:
        return min(FIRST_ASK * 2 ** min(asks, 6), USUAL_ASK)
    return min(USUAL_ASK * 2 ** min(asks - USUAL_ASKS, 12), LONGEST_ASK)


def is_transaction(number: str) -> bool:
    """Whether a provider's number of a charge can be kept: 1 to 64 visible ASCII letters."""
    return 0 < len(number) <= LONGEST_TRANSACTION and all("!" <= sign <= "~" for sign in number)


def signature(secret: str, *fields: object) -> str:
    """HMAC-SHA256 over the fields, one per line, so that no two lists of fields look alike."""
    text = "\n".join(str(field) for field in fields)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
