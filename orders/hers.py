"""Whose an order is: of the device that placed it, and of a device whose owner has shown by a code
that the order's phone number is hers. What was shown is kept in her session alone, for a season.
"""

from __future__ import annotations

import time
from typing import Any

from merchants.device import device_of, known_guest
from merchants.models import Customer, Merchant
from orders.models import Order
from orders.selectors.voucher import known_as

PHONES = "phones"  # in the session: {number in E.164: when it was shown to be hers}
KEPT = 90 * 86_400  # seconds
MOST = 3


def is_hers(session: Any, order: Order) -> bool:
    """Whether she may see and do what only the buyer may."""
    return order.device == device_of(session) or order.phone in phones_of(session)


def people_of(session: Any, merchant: Merchant) -> list[Customer]:
    """She as this merchant knows her: by this device, and by the numbers that are shown to be hers.

    Writes nothing. Without such a number it is the one question that it always was.
    """
    phones = phones_of(session)
    if not phones:
        guest = known_guest(session, merchant)
        return [] if guest is None else [guest]
    return list(known_as(device_of(session), phones).filter(merchant=merchant))


def phones_of(session: Any) -> list[str]:
    """The numbers that she has shown to be hers, the latest last."""
    since = time.time() - KEPT
    return [number for number, at in session.get(PHONES, {}).items() if at > since]


def note_phone(session: Any, number: str) -> None:
    """The code that went to this number came back. Of more than MOST the oldest is forgotten."""
    known = {one: session[PHONES][one] for one in phones_of(session) if one != number}
    kept = [*known.items(), (number, time.time())][-MOST:]
    session[PHONES] = dict(kept)
