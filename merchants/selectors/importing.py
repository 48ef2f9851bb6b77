"""What the pages of an import show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from merchants.models import Import, ImportRow, StockMovement
from merchants.models.importing import COLUMN_LABELS, PROBLEM_LABELS
from merchants.rules.column import CHOOSABLE, VALUES, Column
from merchants.rules.importing import ImportState, Outcome, minutes_left
from merchants.rules.product import plain_weight

ALWAYS = (
    *(Column.NAME, Column.SPEC, Column.SKU, Column.CATEGORY, Column.WEIGHT),
    *(Column.PRICE, Column.STOCK),
)


def time_left(batch: Import, now: datetime) -> int | None:
    """Minutes until its rows are in the shop; None when nobody can say."""
    if batch.state != ImportState.APPLYING or batch.started_at is None:
        return None
    return minutes_left(batch.done, batch.total, (now - batch.started_at).total_seconds())


@dataclass(frozen=True)
class Cell:
    """One cell of the table: its text, and what is wrong with it."""

    column: Column
    label: str
    text: str
    trouble: str = ""
    grave: bool = False


@dataclass(frozen=True)
class ShownRow:
    row: ImportRow
    cells: list[Cell]


@dataclass(frozen=True)
class Kind:
    """A kind of problem and where it is."""

    key: str
    title: str
    column: str
    count: int
    numbers: list[int]
    grave: bool


@dataclass(frozen=True)
class Undoing:
    """What taking an import out again does: specifications that go and that become what they were,
    and the pieces that it had booked."""

    made: int
    changed: int
    pieces: int


def undoing(batch: Import) -> Undoing:
    """Two queries, however large the sheet is."""
    rows = batch.rows.filter(applied=True).aggregate(
        made=Count("pk", filter=Q(outcome=Outcome.NEW)),
        changed=Count("pk", filter=Q(outcome=Outcome.CHANGE)),
    )
    booked = StockMovement.objects.filter(
        stock__variant__merchant=batch.merchant_id, reference=batch.reference
    )
    return Undoing(**rows, pieces=booked.aggregate(sum=Sum("delta"))["sum"] or 0)


def kinds(batch: Import) -> list[Kind]:
    """What is wrong with a sheet, kind by kind, the grave ones first."""
    found = []
    for key, (count, numbers, grave) in batch.problems.items():
        column, code = key.split(".", 1)
        title = str(PROBLEM_LABELS[code][0])
        found.append(Kind(key, title, str(COLUMN_LABELS[column]), count, numbers, grave))
    return found


def columns_shown(batch: Import) -> list[tuple[Column, str]]:
    """(column, its name) of the table: the usual ones that the sheet has, and all in trouble."""
    there = {Column(column) for column in batch.columns.values()}
    if there & set(VALUES):
        there.add(Column.SPEC)  # shows what is chosen of each option
    troubled = {Column(key.split(".", 1)[0]) for key in batch.problems}
    shown = [column for column in ALWAYS if column in there | troubled]
    shown += [column for column in CHOOSABLE if column in troubled and column not in shown]
    return [(column, str(COLUMN_LABELS[column])) for column in shown]


def row_list(batch: Import, *, only: str, kind: str) -> QuerySet[ImportRow]:
    """The rows in trouble, those with one kind of problem, or with `only` "all" every one."""
    rows = batch.rows.exclude(outcome=Outcome.SILENT)
    if kind in batch.problems:
        column, code = kind.split(".", 1)
        return rows.filter(troubled=True, problems__icontains=f'"{column}", "{code}"')
    return rows if only == "all" else rows.filter(troubled=True)


def shown(batch: Import, rows: Iterable[ImportRow]) -> list[ShownRow]:
    """The rows with their cells, each with its trouble beside it."""
    places = {column: int(at) for at, column in reversed(list(batch.columns.items()))}
    columns = columns_shown(batch)
    return [ShownRow(row, [_cell(row, *one, places) for one in columns]) for row in rows]


def _cell(row: ImportRow, column: Column, label: str, places: dict[str, int]) -> Cell:
    at = places.get(column.value)
    text = row.cells[at] if at is not None and at < len(row.cells) else ""
    if column is Column.NAME and column.value in row.goods:
        text = row.goods[column.value]  # with what it has from the rows of the same product
    for named, code, grave, details in row.problems:
        if named == column.value:
            return Cell(column, label, text, _sentence(code, details), grave)
    return Cell(column, label, _understood(column, row.goods, text))


def _understood(column: Column, goods: dict[str, Any], text: str) -> str:
    """What was made of a good cell, where that is not what stands in it."""
    if column is Column.SPEC and goods.get("options"):
        return " · ".join(f"{name} {value}" for name, value in goods["options"])
    if column is Column.SPEC:
        return str(goods.get("spec", text))
    if column is Column.WEIGHT:
        return plain_weight(goods["weight"]) if goods.get("weight") else ""
    return text


def _sentence(code: str, details: dict[str, Any]) -> str:
    return str(PROBLEM_LABELS[code][1]) % details


def bad_rows(batch: Import) -> Iterator[list[str]]:
    """The sheet with only its bad rows, each with its reason in a last column."""
    yield [*batch.headers, _("What to mend")]
    width = len(batch.headers)
    for row in batch.rows.filter(outcome=Outcome.BAD).iterator(chunk_size=500):
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        reasons = [
            f"{COLUMN_LABELS[column]}: {_sentence(code, details)}"
            for column, code, grave, details in row.problems
            if grave
        ]
        yield [*cells[:width], " ".join(reasons)]
