"""What the columns of a shipping sheet mean, and what a row of it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from merchants.rules.search import fold
from orders.rules.number import as_kept

MOST_ROWS = 500  # parcels that are told to their buyers within one request


class Column(StrEnum):
    ORDER = "order"
    CARRIER = "carrier"
    TRACKING = "tracking"


HEADERS: Mapping[Column, str] = {
    Column.ORDER: "订单号|订单编号|订单号码|订单|商家订单号|order number|order no|order id|order",
    Column.CARRIER: (
        "快递公司|物流公司|快递|物流|承运商|快递名称|配送公司|"
        "carrier|courier|shipping company|shipping carrier|express"
    ),
    Column.TRACKING: (
        "运单号|快递单号|物流单号|运单编号|快递编号|面单号|单号|"
        "tracking number|tracking no|tracking|tracking code|waybill|waybill number"
    ),
}
_BY_HEADER = {word: column for column, words in HEADERS.items() for word in words.split("|")}


@dataclass(frozen=True)
class Row:
    """One row as it was typed; `number` as the program of the sheet shows it."""

    number: int
    order: str
    carrier: str
    tracking: str


def columns_of(headers: Sequence[str]) -> dict[Column, int]:
    """{what: index of its column}, of the first column with each meaning."""
    found: dict[Column, int] = {}
    for index, header in enumerate(headers):
        column = _BY_HEADER.get(fold(header).strip("*: .（）()"))
        if column is not None:
            found.setdefault(column, index)
    return found


def row_of(number: int, cells: Sequence[str], columns: Mapping[Column, int]) -> Row | None:
    """What a row says; None for one that says nothing."""

    def text(column: Column) -> str:
        at = columns[column]
        cell = cells[at] if at < len(cells) else ""
        return cell.strip().removeprefix("'").strip()[:60]  # an apostrophe makes Excel keep zeros

    row = Row(number, text(Column.ORDER), text(Column.CARRIER), text(Column.TRACKING))
    return row if row.order or row.tracking else None


def order_number(typed: str) -> str:
    """An order's number as it is kept: `#0A1B 2C3D` is `0a1b2c3d`."""
    return as_kept(typed) or fold(typed)


def tracking_number(typed: str) -> str:
    """Spaces, which come along when copying, do not count."""
    return "".join(typed.split())
