"""A shipping sheet to fill in, and the rows of one that have to be mended."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from merchants.models import Staff
from merchants.rules.line import visible
from orders.rules.dispatch import MOST_ROWS
from orders.selectors.dispatch import Judged, Verdict
from orders.selectors.order import order_list

WIDTHS = (20, 14, 22, 12, 40)


def to_fill(staff: Staff) -> bytes:
    """An XLSX with a row for every order that waits, the longest waiting first. All cells are
    text: a long number typed into them stays as it was typed.
    """
    from openpyxl import Workbook  # a third of a second that no start should wait for
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(_("To ship"))
    page.freeze_panes = "A2"
    for at, width in enumerate(WIDTHS, 1):
        page.column_dimensions[get_column_letter(at)].width = width
    for cells in _table(staff):
        written = []
        for text in cells:
            cell = WriteOnlyCell(page, value=visible(text))
            cell.data_type = "s"
            cell.number_format = "@"
            written.append(cell)
        page.append(written)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _table(staff: Staff) -> Iterator[list[str]]:
    yield [_("Order number"), _("Carrier"), _("Tracking number"), _("Recipient"), _("Goods")]
    waiting = order_list(staff, {"tab": "to_ship"}).prefetch_related(None)
    for order in waiting.prefetch_related("lines", "refunds")[:MOST_ROWS]:
        if not order.waits_for_refund:
            goods = "; ".join(f"{line.title} ×{line.to_send}" for line in order.to_pack)
            yield [order.number, "", "", order.name, goods]


def to_mend(judged: Sequence[Judged]) -> Iterator[list[str]]:
    """The bad rows as they were typed, each with its reason: mend them and bring them again."""
    yield [_("Order number"), _("Carrier"), _("Tracking number"), _("What is wrong")]
    for one in judged:
        if one.verdict == Verdict.BAD:
            yield [one.row.order, one.row.carrier, one.row.tracking, one.why]
