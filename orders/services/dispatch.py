"""Many orders shipped by a sheet: it is read, and each good row shipped by itself.

Nothing is kept between the look and the deed: the rows come back with the page and are judged
anew. So a sheet that is brought twice, or pressed twice, ships nothing twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from merchants.errors import RuleBroken
from merchants.models import Staff, User
from merchants.services.sheet import HEADING_WITHIN, BadSheet, Shape, rows, shape_of
from orders.rules.dispatch import MOST_ROWS, Column, Row, columns_of, row_of, tracking_number
from orders.selectors.dispatch import Judged, Verdict, judge
from orders.services.shipment import ship_order


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
