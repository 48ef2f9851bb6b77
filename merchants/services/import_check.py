"""Reads a sheet row by row and says what each would mean for the shop. Writes nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from merchants.models import Import, ImportRow, Product, Stock, Variant
from merchants.rules import money
from merchants.rules.column import Column
from merchants.rules.importing import ImportState, Outcome
from merchants.rules.row import Families, Goods, Problem, Reading, far, read
from merchants.rules.search import fold
from merchants.services.importing import BadColumns, WrongState, commit_batch, finish
from merchants.services.sheet import BadSheet, Shape, rows

BATCH = 1000
LONGEST = 4000  # of what is typed into a cell
SHOWN_NUMBERS = 8  # of the rows behind a problem


@dataclass(frozen=True)
class Read:
    """A row of the sheet and what it says."""

    number: int
    cells: list[str]
    reading: Reading


class Seen:
    """The SKUs and barcodes that earlier rows of the same file have taken."""

    def __init__(self) -> None:
        self._first: dict[tuple[Column, str], int] = {}

    def problems(self, number: int, goods: Goods) -> list[Problem]:
        found = []
        keys = [(Column.SKU, goods.sku), (Column.BARCODE, goods.barcode)]
        if not goods.sku and not goods.barcode:
            keys = [(Column.NAME, f"{goods.name}\n{goods.spec}")]
        for column, text in keys:
            if not text:
                continue
            first = self._first.setdefault((column, text.casefold()), number)
            if first != number:
                found.append(Problem(column, "twice", details={"row": str(first)}))
        return found


def columns_of(batch: Import) -> dict[int, Column]:
    return {int(at): Column(column) for at, column in batch.columns.items()}


def check(batch: Import) -> None:
    """Check the whole sheet from where it was left, and hand it back to people."""
    taken = dict(batch.rows.filter(variant__isnull=False).values_list("variant_id", "number"))
    try:
        for part in in_batches(_read(batch)):
            fresh = [row for row in part if row.number > batch.cursor]
            if not fresh:
                continue
            commit_batch(
                batch,
                partial(_keep, judge(batch, fresh, taken)),
                cursor=fresh[-1].number,
                total=batch.total + len(fresh),
            )
    except BadSheet as trouble:
        finish(batch, ImportState.FAILED, failure=str(trouble)[:200])
        return
    finish(batch, ImportState.CHECKED, **tally(batch))


def _keep(rows: list[ImportRow]) -> None:
    ImportRow.objects.bulk_create(rows, batch_size=500)


def in_batches(source: Iterable[Read]) -> Iterator[list[Read]]:
    whole = iter(source)
    while part := list(islice(whole, BATCH)):
        yield part


def _read(batch: Import) -> Iterator[Read]:
    """Every row below the heading. What rows share is gathered again, also after a restart."""
    columns, families, seen = columns_of(batch), Families(), Seen()
    currency = batch.merchant.currency
    for number, cells in rows(Path(batch.file.path), Shape(**batch.shape)):
        if number <= batch.heading_row or not any(cell.strip() for cell in cells):
            continue
        reading = read(cells, columns, families, currency)
        if not reading.silent:
            reading = replace(
                reading, problems=(*reading.problems, *seen.problems(number, reading.goods))
            )
        yield Read(number, cells, reading)


class Shop:
    """What the shop has of a batch of rows, found with a handful of queries."""

    def __init__(self, batch: Import, goods: Sequence[Goods]) -> None:
        known = Variant.whole.filter(merchant=batch.merchant).select_related("product__category")
        if batch.store:
            here = Stock.objects.filter(store=batch.store)
            known = known.prefetch_related(Prefetch("stock", queryset=here, to_attr="here"))
        skus = {one.sku.lower() for one in goods if one.sku}
        codes = {one.barcode for one in goods if one.barcode}
        names = {one.name for one in goods if one.name}
        folded = known.annotate(folded=Lower("sku")).filter(folded__in=skus)
        self.by_sku = {variant.sku.lower(): variant for variant in folded}
        self.by_barcode = {variant.barcode: variant for variant in known.filter(barcode__in=codes)}
        self.by_name: dict[str, list[Variant]] = defaultdict(list)
        for variant in known.filter(product__name__in=names, archived=False).order_by("pk"):
            self.by_name[variant.product.name].append(variant)

    def find(self, goods: Goods) -> tuple[Variant | None, Product | None, list[Problem]]:
        """(the variant that a row means, else the product it belongs to, what is in the way)."""
        holder = self.by_barcode.get(goods.barcode)
        if goods.sku:
            found = self.by_sku.get(goods.sku.lower())
            if holder is not None and holder != found:
                taken = Problem(Column.BARCODE, "taken", details={"by": str(holder)})
                return found, None, [taken]
            return found, None if found else self._family(goods), []
        if holder is not None:
            return holder, None, []
        alike = self.by_name.get(goods.name, [])
        same = next((variant for variant in alike if variant.name == goods.spec), None)
        return same, None if same else self._family(goods), []

    def _family(self, goods: Goods) -> Product | None:
        """A product of this name that has other specifications, and not this one."""
        alike = self.by_name.get(goods.name, [])
        if goods.spec and alike and all(one.name and one.name != goods.spec for one in alike):
            return alike[0].product
        return None


def judge(batch: Import, part: Sequence[Read], taken: dict[int, int]) -> list[ImportRow]:
    """The rows as they are kept: what they say, what they mean, what is wrong.

    `taken` is {variant: the first row that means it}, and learns of the rows of this part.
    """
    shop = Shop(batch, [row.reading.goods for row in part if not row.reading.silent])
    return [_row(batch, row, shop, taken) for row in part]


def _row(batch: Import, row: Read, shop: Shop, taken: dict[int, int]) -> ImportRow:
    goods, problems = row.reading.goods, list(row.reading.problems)
    made = ImportRow(
        batch=batch,
        number=row.number,
        cells=row.cells,
        goods=goods.values(),
        sku=goods.sku,
        barcode=goods.barcode,
        group=_group(goods),
        outcome=Outcome.SILENT.value,
    )
    if row.reading.silent:
        return made
    variant, product, trouble = shop.find(goods)
    problems += trouble
    if variant is not None:
        first = taken.setdefault(variant.pk, row.number)
        if first != row.number and not any(problem.code == "twice" for problem in problems):
            problems.append(Problem(Column.NAME, "twice", details={"row": str(first)}))
        problems += _compared(goods, variant, batch.merchant.currency)
        made.seen = {"on_hand": on_hand(variant)}
        made.variant, made.product = variant, variant.product
    elif product is not None:
        made.product = product
    made.problems = [[p.column.value, p.code, p.grave, dict(p.details)] for p in problems]
    made.troubled = bool(problems)
    if any(problem.grave for problem in problems):
        made.outcome = Outcome.BAD.value
    elif variant is None:
        made.outcome = Outcome.NEW.value
    else:
        made.outcome = (Outcome.CHANGE if differs(goods, variant) else Outcome.SAME).value
    return made


def _group(goods: Goods) -> str:
    """What the rows of one product have in common: what the sheet says, or name and a choice."""
    if goods.group:
        return f"={goods.group}"[:200]
    return f"~{fold(goods.name)}"[:200] if goods.spec else ""


def on_hand(variant: Variant) -> int:
    """Pieces in the store that the import counts for."""
    return sum(stock.on_hand for stock in getattr(variant, "here", []))


def _compared(goods: Goods, variant: Variant, currency: str) -> list[Problem]:
    if goods.price is not None and far(goods.price, variant.price):
        before = money.plain(variant.price, currency)
        return [Problem(Column.PRICE, "far", grave=False, details={"now": before})]
    return []


def differs(goods: Goods, variant: Variant) -> bool:
    """Whether the row says anything that the shop does not have already."""
    product = variant.product
    pairs = [
        (goods.name or None, product.name),
        (goods.spec or None, variant.name),
        (goods.sku or None, variant.sku),
        (goods.barcode or None, variant.barcode),
        (goods.price, variant.price),
        (goods.low_stock, variant.low_stock),
        (goods.description, product.description),
        (goods.category, product.category.name if product.category else ""),
        (goods.state.value if goods.state else None, product.state),
        (goods.stock, on_hand(variant)),
    ]
    compare = goods.compare_at is not None and goods.compare_at != variant.compare_at
    return variant.archived or compare or any(new is not None and new != old for new, old in pairs)


def tally(batch: Import) -> dict[str, Any]:
    """{counts, problems} over all rows, for the figures and the list of problems."""
    counted = batch.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    counts = dict(counted)
    looked = batch.rows.filter(troubled=True).exclude(outcome=Outcome.BAD)
    counts["look"] = looked.count()
    problems: dict[str, list[Any]] = {}
    troubled = batch.rows.filter(troubled=True).values_list("number", "problems")
    for number, found in troubled.iterator(chunk_size=2000):
        for column, code, grave, _details in found:
            entry = problems.setdefault(f"{column}.{code}", [0, [], grave])
            entry[0] += 1
            if len(entry[1]) < SHOWN_NUMBERS:
                entry[1].append(number)
    ordered = sorted(problems.items(), key=lambda item: (not item[1][2], -item[1][0]))
    return {"counts": counts, "problems": dict(ordered)}


@transaction.atomic
def edit_cell(*, batch: Import, number: int, column: Column, text: str) -> ImportRow:
    """Write into one cell of a checked sheet and look at its row again, and at its twins.

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
    twins = _twins(row)
    _judge_again(batch, row, Seen())
    seen = Seen()
    for twin in batch.rows.filter(twins | _twins(batch.rows.get(pk=row.pk))).order_by("number"):
        _judge_again(batch, twin, seen)
    Import.objects.filter(pk=batch.pk).update(**tally(batch))
    batch.refresh_from_db()
    return batch.rows.get(pk=row.pk)


def _twins(row: ImportRow) -> Q:
    """The row and every other that may mean the same thing."""
    same = Q(sku="", barcode="", goods__name=row.goods.get("name", ""))
    if row.sku:
        same |= Q(sku__iexact=row.sku)
    if row.barcode:
        same |= Q(barcode=row.barcode)
    if row.variant_id:
        same |= Q(variant=row.variant_id)
    return Q(pk=row.pk) | same & ~Q(outcome=Outcome.SILENT)


def _reading(batch: Import, row: ImportRow) -> Reading:
    """The row as read now. What it had from its family, it keeps."""
    reading = read(row.cells, columns_of(batch), None, batch.merchant.currency)
    kept = {key: value for key, value in row.goods.items() if key in {"category", "description"}}
    goods = replace(reading.goods, name=reading.goods.name or row.goods.get("name", ""))
    missing = {key: value for key, value in kept.items() if getattr(goods, key) is None}
    problems = tuple(p for p in reading.problems if not (p.code == "no_name" and goods.name))
    return replace(reading, goods=replace(goods, **missing), problems=problems)


def _judge_again(batch: Import, row: ImportRow, seen: Seen) -> None:
    reading = _reading(batch, row)
    reading = replace(
        reading, problems=(*reading.problems, *seen.problems(row.number, reading.goods))
    )
    others = batch.rows.filter(variant__isnull=False, number__lt=row.number)
    taken = dict(others.order_by("-number").values_list("variant_id", "number"))  # the first stays
    fresh = judge(batch, [Read(row.number, row.cells, reading)], taken)[0]
    fresh.pk = row.pk
    fresh.save(force_update=True)
