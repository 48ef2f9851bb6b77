"""The counter of the practice bank: what becomes of a payment is chosen there.

What it has to say reaches the shop as it would over the wire, byte for byte as at its address.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from orders.models import Order, Payment
from orders.payments.gateway import Heard
from orders.payments.sandbox import NAME, charge, hear, signed
from orders.rules.line import LineState
from orders.rules.payment import Standing
from orders.services.charge import hear_charge
from orders.services.order import move_order


class Ending(StrEnum):
    """What may become of a payment at the practice bank."""

    SUCCESS = "success"
    FAILURE = "failure"
    LATE = "late"  # the hold on the goods has run out when the message comes
    DUPLICATE = "duplicate"  # the message comes twice
    LOST = "lost"  # charged, and the message never comes
    FORGED = "forged"  # somebody else says that it was paid


def press(payment: Payment, ending: Ending) -> Order:
    """The shopper presses a button at the bank. Returns the order as it is then.

    Raises BadCallback for what was forged.
    """
    order = payment.order
    if ending == Ending.FAILURE:
        order = tell(payment, signed(payment, "", Standing.REFUSED).heard())
    elif ending == Ending.FORGED:
        said = signed(payment, f"sb_{payment.public_id}", Standing.PAID)
        tell(payment, replace(said, signature="0" * 64).heard())
    else:
        message = charge(payment).heard()
        if ending == Ending.LATE:
            move_order(order=payment.order, to=LineState.EXPIRED, by=None)
        for _time in range({Ending.LOST: 0, Ending.DUPLICATE: 2}.get(ending, 1)):
            order = tell(payment, message)
    return order


def tell(payment: Payment, heard: Heard) -> Order:
    merchant = payment.order.merchant
    told = hear_charge(gateway=NAME, merchant=merchant, charge=hear(merchant, heard))
    return told.order
