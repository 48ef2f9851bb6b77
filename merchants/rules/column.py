"""What a column of a goods sheet may hold. Pure; rules.heading guesses it from the header."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from merchants.rules.search import fold


class Column(StrEnum):
    """What a column of a sheet may hold."""

    NAME = "name"
    SPEC = "spec"
    OPTION_1 = "option_1"  # what is chosen, such as size …
    VALUE_1 = "value_1"  # … and which one this is
    OPTION_2 = "option_2"
    VALUE_2 = "value_2"
    OPTION_3 = "option_3"
    VALUE_3 = "value_3"
    SKU = "sku"
    BARCODE = "barcode"
    PRICE = "price"
    SALE_PRICE = "sale_price"
    COMPARE_AT = "compare_at"
    STOCK = "stock"
    LOW_STOCK = "low_stock"
    SHELF_PLACE = "shelf_place"
    WEIGHT = "weight"
    WEIGHT_UNIT = "weight_unit"
    CATEGORY = "category"
    DESCRIPTION = "description"
    STATE = "state"
    GROUP = "group"  # what the rows of one product share
    KIND = "kind"  # WooCommerce: simple, variable, variation
    PARENT = "parent"
    ID = "id"


OPTIONS = (Column.OPTION_1, Column.OPTION_2, Column.OPTION_3)
VALUES = (Column.VALUE_1, Column.VALUE_2, Column.VALUE_3)
# One product may have several of these; the values are joined.
SEVERAL = frozenset({Column.SPEC})
# What a merchant may choose; the rest only carries the structure of a known sheet.
CHOOSABLE = (
    Column.NAME,
    Column.SPEC,
    Column.SKU,
    Column.BARCODE,
    Column.PRICE,
    Column.COMPARE_AT,
    Column.STOCK,
    Column.LOW_STOCK,
    Column.SHELF_PLACE,
    Column.WEIGHT,
    Column.CATEGORY,
    Column.DESCRIPTION,
    Column.STATE,
    *(column for pair in zip(OPTIONS, VALUES, strict=True) for column in pair),
)
NEEDED = (Column.NAME, Column.PRICE)


def signature(headers: Iterable[str]) -> str:
    """The same for two sheets that have the same headers, however they are spaced or cased."""
    return "\x1f".join(fold(header) for header in headers)


def lacking(columns: Iterable[Column]) -> list[Column]:
    """What no sheet can do without and this one has not."""
    there = set(columns)
    return [column for column in NEEDED if column not in there]
