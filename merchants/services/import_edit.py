"""One cell of a checked sheet mended in place, and what that means for the rows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from merchants.models import Import, ImportRow
from merchants.rules.choice import Choices
from merchants.rules.column import Column
from merchants.rules.heading import hints_of
from merchants.rules.importing import ImportState, Outcome
from merchants.rules.row import Goods, Reading, read
from merchants.services.import_check import (
    Read,
    Seen,
    beside,
    columns_of,
    group_of,
    judge,
    tally,
)
from merchants.services.importing import BadColumns, WrongState

LONGEST = 4000  # of what is typed into a cell
OF_THE_FAMILY = {"category", "description", "weight"}  # what a row may have from its product's

JUDGED = [
    *("cells", "goods", "outcome", "problems", "troubled", "group", "sku", "barcode", "seen"),
    *("product", "variant"),
]


@transaction.atomic
def edit_cell(*, batch: Import, number: int, column: Column, text: str) -> ImportRow:
    """Write into one cell of a checked sheet and look at its row again, and at its twins and the
    other rows of its product.

    Raises WrongState once the import has gone on, ImportRow.DoesNotExist for an unknown row.
    """
    held = Import.objects.select_for_update().filter(pk=batch.pk, state=ImportState.CHECKED)
    if not held.exists():
        batch.refresh_from_db(fields=["state"])
        raise WrongState(batch.state)
    row = batch.rows.get(number=number)
    at = next((index for index, named in columns_of(batch).items() if named is column), None)
    if at is None:
        raise BadColumns(_("This column is not in the sheet."))
    row.cells = [*row.cells, *[""] * (at + 1 - len(row.cells))]
    row.cells[at] = text[:LONGEST]
    row.save(update_fields=["cells"])
    alone = judge(batch, [Read(number, row.cells, _reading(batch, row))], {})[0]
    alone.pk = row.pk
    _judge_again(batch, list(batch.rows.filter(_twins(row) | _twins(alone)).order_by("number")))
    Import.objects.filter(pk=batch.pk).update(**tally(batch))
    batch.refresh_from_db()
    return batch.rows.get(pk=row.pk)


def _twins(row: ImportRow) -> Q:
    """The row and every other that may mean the same thing, or another kind of it."""
    same = Q(sku="", barcode="", goods__name=row.goods.get("name", ""))
    if row.sku:
        same |= Q(sku__iexact=row.sku)
    if row.barcode:
        same |= Q(barcode=row.barcode)
    if row.variant_id:
        same |= Q(variant=row.variant_id)
    if row.group:
        same |= Q(group=row.group)
    return Q(pk=row.pk) | same & ~Q(outcome=Outcome.SILENT)


def _judge_again(batch: Import, rows: Sequence[ImportRow]) -> None:
    """Look at these rows once more, each beside all that stand before it, as the check does: a
    handful of queries, however many they are."""
    seen, choices, reads = Seen(), Choices(), []
    again = {row.pk for row in rows}
    readings = {row.pk: _reading(batch, row) for row in rows}
    around = _around(batch, rows, [reading.goods for reading in readings.values()])
    for row in sorted([*rows, *around], key=lambda one: one.number):
        if row.pk not in again:
            _pass_by(batch, row, choices, seen)
            continue
        reading = readings[row.pk]
        if not reading.silent:
            reading = beside(row.number, reading, choices, seen)
        reads.append(Read(row.number, row.cells, reading))
    fresh = judge(batch, reads, _Taken(batch, rows))
    keys = {row.number: row.pk for row in rows}
    for one in fresh:
        one.pk = keys[one.number]
    ImportRow.objects.bulk_update(fresh, JUDGED, batch_size=500)


def _pass_by(batch: Import, row: ImportRow, choices: Choices, seen: Seen) -> None:
    """What an earlier row, itself as it was, has said and taken."""
    if row.group:
        _reading(batch, row).chosen(row.number, row.group, choices)
    words = {key: row.goods.get(key, "") for key in ("name", "spec", "sku", "barcode")}
    seen.problems(row.number, Goods(**words))


def _around(
    batch: Import, rows: Sequence[ImportRow], goods: Sequence[Goods]
) -> QuerySet[ImportRow, Any]:
    """The other rows that have a SKU, barcode, product or, without either code, a name of these."""
    bare = [one.name for one in goods if not one.sku and not one.barcode]
    same = Q(barcode__in={one.barcode for one in goods if one.barcode})
    same |= Q(folded__in={one.sku.lower() for one in goods if one.sku})
    same |= Q(group__in={group for one in goods if (group := group_of(one))})
    if bare:
        same |= Q(sku="", barcode="", goods__name__in=sorted(set(bare)))
    others = batch.rows.exclude(pk__in=[row.pk for row in rows]).exclude(outcome=Outcome.SILENT)
    last = max((row.number for row in rows), default=0)
    return others.annotate(folded=Lower("sku")).filter(same, number__lt=last)


class _Taken(dict[int, int]):
    """{variant: the first row that means it}, but for the rows that are judged again."""

    def __init__(self, batch: Import, rows: Sequence[ImportRow]) -> None:
        others = batch.rows.exclude(pk__in=[row.pk for row in rows]).filter(variant__isnull=False)
        super().__init__(others.order_by("-number").values_list("variant_id", "number"))

    def setdefault(self, variant: int, number: int) -> int:  # type: ignore[override]
        self[variant] = min(number, self.get(variant, number))
        return self[variant]


def _reading(batch: Import, row: ImportRow) -> Reading:
    """The row as read now. What it had from its family, it keeps."""
    columns = columns_of(batch)
    hints = hints_of(batch.headers, columns)
    reading = read(row.cells, columns, None, batch.merchant.currency, hints)
    kept = {key: value for key, value in row.goods.items() if key in OF_THE_FAMILY}
    goods = replace(reading.goods, name=reading.goods.name or row.goods.get("name", ""))
    if row.group.startswith("="):
        goods = replace(goods, group=row.group[1:])
    missing = {key: value for key, value in kept.items() if getattr(goods, key) is None}
    problems = tuple(p for p in reading.problems if not (p.code == "no_name" and goods.name))
    return replace(reading, goods=replace(goods, **missing), problems=problems)
