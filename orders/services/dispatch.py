"""Many orders shipped by a sheet: read, judged row by row, and each good row shipped by itself.

Nothing is kept between the look and the deed: the rows come back with the page and are judged
anew. So a sheet that is brought twice, or pressed twice, ships nothing twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from merchants.errors import RuleBroken
from merchants.models import Staff, User
from merchants.services.sheet import HEADING_WITHIN, BadSheet, Shape, rows, shape_of
from orders.models import Order
from orders.models.shipment import CARRIER_LABELS
from orders.rules.dispatch import (
    MOST_ROWS,
    SHORT,
    Column,
    Row,
    columns_of,
    order_number,
    row_of,
    tracking_number,
)
from orders.rules.line import LineState
from orders.rules.shipment import carrier_of, is_tracking_number
from orders.selectors.order import seen_by
from orders.services.shipment import ship_order


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


def read_sheet(file: BinaryIO) -> list[Row]:
    """The rows of a shipping sheet. Raises BadSheet, saying what is wrong with it as a whole."""
    with tempfile.NamedTemporaryFile(prefix="dispatch-") as kept:
        for block in iter(lambda: file.read(64 * 1024), b""):
            kept.write(block)
        kept.flush()
        path = Path(kept.name)
        return _read(path, shape_of(path))


def _read(path: Path, shape: Shape) -> list[Row]:
    columns: dict[Column, int] = {}
    found: list[Row] = []
    best: dict[Column, int] = {}
    for number, cells in rows(path, shape):
        if len(columns) < len(Column):
            columns = columns_of(cells)
            best = max(best, columns, key=len)
            if number >= HEADING_WITHIN and len(columns) < len(Column):
                break
        elif row := row_of(number, cells, columns):
            found.append(row)
            if len(found) > MOST_ROWS:
                raise BadSheet(
                    _("At most %(most)s parcels at a time. Cut the sheet in two.")
                    % {"most": MOST_ROWS}
                )
    if len(columns) < len(Column):
        raise BadSheet(_lacks(best))
    if not found:
        raise BadSheet(_("There is no row below the heading."))
    return found


def _lacks(found: Iterable[Column]) -> str:
    words = {
        Column.ORDER: _("Order number"),
        Column.CARRIER: _("Carrier"),
        Column.TRACKING: _("Tracking number"),
    }
    lacking = _(", ").join(word for column, word in words.items() if column not in set(found))
    return _("The heading lacks: %(columns)s.") % {"columns": lacking}


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
    facts = {"order": order, "carrier": carrier}
    if not carrier:
        why = _("We know no carrier “%(name)s”.") % {"name": row.carrier}
        return Judged(
            row, Verdict.BAD, why if row.carrier else _("The carrier is missing."), **facts
        )
    if not is_tracking_number(tracking):
        why = _("A tracking number has 6 to 32 letters, digits or hyphens.")
        return Judged(row, Verdict.BAD, why, **facts)
    if any(
        (one.carrier, one.tracking_number) == (carrier, tracking) for one in order.shipments.all()
    ):
        return Judged(row, Verdict.SAME, _("Shipped with this number already."), **facts)
    if why := _stays(order):
        return Judged(row, Verdict.BAD, why, **facts)
    return Judged(row, Verdict.GOOD, **facts)


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


def dispatch(*, staff: Staff, sheet: Sequence[Row], by: User) -> list[Judged]:
    """Ship what is good, each row for itself: a bad one never stops the others."""
    return [_ship(staff, one, by) for one in judge(staff, sheet)]


def _ship(staff: Staff, one: Judged, by: User) -> Judged:
    if one.verdict != Verdict.GOOD or one.order is None:
        return one
    try:
        ship_order(
            order=one.order,
            carrier=one.carrier,
            tracking_number=tracking_number(one.row.tracking),
            by=by,
        )
    except RuleBroken as refusal:
        # Somebody was faster, perhaps this very sheet pressed twice.
        again = judge(staff, [one.row])[0]
        if again.verdict != Verdict.GOOD:
            return again
        return replace(one, verdict=Verdict.BAD, why=str(refusal))
    return replace(one, verdict=Verdict.SHIPPED)
