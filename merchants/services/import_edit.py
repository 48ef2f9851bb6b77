"""One cell of a checked sheet mended in place, and what that means for the rows beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
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
    before = _twins(row)
    _judge_again(batch, [row])
    row = batch.rows.get(pk=row.pk)
    _judge_again(batch, batch.rows.filter(before | _twins(row)).order_by("number"))
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


def _judge_again(batch: Import, rows: Iterable[ImportRow]) -> None:
    """Look at these rows once more, each beside all that stand before it."""
    families: dict[str, Choices] = {}
    for row in rows:
        reading = _reading(batch, row)
        group = group_of(reading.goods)
        if group not in families:
            families[group] = _earlier(batch, row, group)
        reading = beside(row.number, reading, families[group], _seen(batch, row, reading.goods))
        fresh = judge(batch, [Read(row.number, row.cells, reading)], _Taken(batch))[0]
        fresh.pk = row.pk
        fresh.save(force_update=True)


class _Taken(dict[int, int]):
    """{variant: the first row that means it}, asked for when it is needed."""

    def __init__(self, batch: Import) -> None:
        super().__init__()
        self._batch = batch

    def setdefault(self, variant: int, number: int) -> int:  # type: ignore[override]
        means = self._batch.rows.filter(variant=variant, number__lt=number).order_by("number")
        first = means.values_list("number", flat=True).first()
        return number if first is None else first


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


def _earlier(batch: Import, row: ImportRow, group: str) -> Choices:
    """What the rows of a product that stand before this one have said of its options."""
    choices = Choices()
    if group:
        for one in _before(batch, row).filter(group=group).order_by("number"):
            _reading(batch, one).chosen(one.number, group, choices)
    return choices


def _seen(batch: Import, row: ImportRow, goods: Goods) -> Seen:
    """The rows before this one that have its SKU or barcode, or without either its name."""
    same = Q(pk=None)
    if goods.sku:
        same |= Q(sku__iexact=goods.sku)
    if goods.barcode:
        same |= Q(barcode=goods.barcode)
    if not goods.sku and not goods.barcode:
        same |= Q(sku="", barcode="", goods__name=goods.name)
    seen = Seen()
    for one in _before(batch, row).filter(same).order_by("number"):
        words = {key: one.goods.get(key, "") for key in ("name", "spec", "sku", "barcode")}
        seen.problems(one.number, Goods(**words))
    return seen


def _before(batch: Import, row: ImportRow) -> QuerySet[ImportRow, Any]:
    return batch.rows.filter(number__lt=row.number).exclude(outcome=Outcome.SILENT)
