"""What would become of each row of a shipping sheet now, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from merchants.models import Staff
from orders.models import Order
from orders.models.shipment import CARRIER_LABELS
from orders.rules.dispatch import Row, order_number, tracking_number
from orders.rules.line import LineState
from orders.rules.number import SHORT
from orders.rules.shipment import carrier_of, is_tracking_number
from orders.selectors.order import seen_by


class Verdict(StrEnum):
    GOOD = "good"  # can be shipped
    SAME = "same"  # has been, with this very number
    BAD = "bad"
    SHIPPED = "shipped"  # just now


@dataclass(frozen=True)
class Judged:
    """A row and what becomes of it; `why` is for a person."""

    row: Row
    verdict: Verdict
    why: str = ""
    order: Order | None = None
    carrier: str = ""

    @property
    def carrier_word(self) -> str:
        return str(CARRIER_LABELS.get(self.carrier, self.row.carrier))


def judge(staff: Staff, sheet: Sequence[Row]) -> list[Judged]:
    """What would become of each row now. Two queries for any number of rows, and their lines."""
    orders = _orders(staff, {order_number(row.order) for row in sheet})
    first: dict[int, int] = {}  # order -> the row that named it first
    found = []
    for row in sheet:
        one = _judge(row, orders.get(order_number(row.order), []))
        if one.order is not None and one.verdict == Verdict.GOOD:
            before = first.setdefault(one.order.pk, row.number)
            if before != row.number:
                why = _("Row %(row)s ships this order already.") % {"row": before}
                one = replace(one, verdict=Verdict.BAD, why=why)
        found.append(one)
    return found


def _orders(staff: Staff, numbers: set[str]) -> dict[str, list[Order]]:
    """{number as typed: the orders that it may be}."""
    whole = {number for number in numbers if len(number) > SHORT}
    short = {number for number in numbers if len(number) == SHORT}
    found: dict[str, list[Order]] = {}
    for order in _fit(seen_by(staff)).filter(number__in=whole):
        found[order.number] = [order]
    if short:
        begins = _fit(seen_by(staff)).annotate(begins=Substr("number", 1, SHORT))
        for order in begins.filter(begins__in=short):
            found.setdefault(order.number[:SHORT], []).append(order)
    return found


def _fit(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related("merchant", "store").prefetch_related(
        "lines", "shipments", "refunds"
    )


def _judge(row: Row, orders: Sequence[Order]) -> Judged:
    carrier, tracking = carrier_of(row.carrier), tracking_number(row.tracking)
    if len(orders) != 1:
        return Judged(row, Verdict.BAD, _no_order(row, orders), carrier=carrier)
    order = orders[0]
    judged = partial(Judged, row, order=order, carrier=carrier)
    if not carrier:
        why = _("We know no carrier “%(name)s”.") % {"name": row.carrier}
        return judged(Verdict.BAD, why if row.carrier else _("The carrier is missing."))
    if not is_tracking_number(tracking):
        why = _("A tracking number has 6 to 32 letters, digits or hyphens.")
        return judged(Verdict.BAD, why)
    if any(
        (one.carrier, one.tracking_number) == (carrier, tracking) for one in order.shipments.all()
    ):
        return judged(Verdict.SAME, _("Shipped with this number already."))
    if why := _stays(order):
        return judged(Verdict.BAD, why)
    return judged(Verdict.GOOD)


def _no_order(row: Row, orders: Sequence[Order]) -> str:
    if orders:
        return _("Several orders begin like this. Write the whole number.")
    if not row.order:
        return _("The order number is missing.")
    return _("There is no order with this number.")


def _stays(order: Order) -> str:
    """Why an order cannot be shipped; empty if it can."""
    if order.is_pickup:
        return _("This order is collected at the shop, not shipped.")
    if order.waits_for_refund:
        return _("The customer wants money back for it. Answer that first.")
    if order.can_ship and order.to_pack:
        return ""
    if order.state == LineState.PENDING:
        return _("It is not paid yet.")
    return _("It is “%(state)s”: there is nothing to ship.") % {"state": order.state_word}
