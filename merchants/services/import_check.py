"""Reads a sheet row by row and says what each would mean for the shop. Writes nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from merchants.models import Import, ImportRow, Product, Variant
from merchants.rules import money
from merchants.rules.cell import Problem
from merchants.rules.choice import Choices
from merchants.rules.column import Column
from merchants.rules.heading import hints_of
from merchants.rules.importing import ImportState, Outcome
from merchants.rules.option import name_of
from merchants.rules.row import Families, Goods, Reading, far, read
from merchants.rules.search import fold
from merchants.services.import_find import Shop
from merchants.services.importing import commit_batch, finish
from merchants.services.sheet import BadSheet, Shape, rows

BATCH = 1000
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
    if not batch.total:
        finish(batch, ImportState.FAILED, failure=_("There are column names, but no goods below."))
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
    columns, families, seen, choices = columns_of(batch), Families(), Seen(), Choices()
    currency, hints = batch.merchant.currency, hints_of(batch.headers, columns)
    for number, cells in rows(Path(batch.file.path), Shape(**batch.shape)):
        if number <= batch.heading_row or not any(cell.strip() for cell in cells):
            continue
        reading = read(cells, columns, families, currency, hints)
        if not reading.silent:
            reading = beside(number, reading, choices, seen)
        yield Read(number, cells, reading)


def beside(number: int, reading: Reading, choices: Choices, seen: Seen) -> Reading:
    """The row with what can only be told beside the others of its sheet."""
    reading = reading.chosen(number, group_of(reading.goods), choices)
    problems = seen.problems(number, reading.goods)
    told = {problem.code for problem in reading.problems}
    return replace(
        reading, problems=(*reading.problems, *(one for one in problems if one.code not in told))
    )


def judge(batch: Import, part: Sequence[Read], taken: dict[int, int]) -> list[ImportRow]:
    """The rows as they are kept: what they say, what they mean, what is wrong.

    `taken` is {variant: the first row that means it}, and learns of the rows of this part.
    """
    shop = Shop(batch, [row.reading.goods for row in part if not row.reading.silent])
    return [_row(batch, row, shop, taken) for row in part]


def _row(batch: Import, row: Read, shop: Shop, taken: dict[int, int]) -> ImportRow:
    made = ImportRow(
        batch=batch,
        number=row.number,
        cells=row.cells,
        sku=row.reading.goods.sku,
        barcode=row.reading.goods.barcode,
        group=group_of(row.reading.goods),
        outcome=Outcome.SILENT.value,
    )
    goods = row.reading.goods
    if not row.reading.silent:
        goods = _compare(batch, made, row.reading, shop, taken)
    made.goods = goods.values()
    return made


def _compare(
    batch: Import, made: ImportRow, reading: Reading, shop: Shop, taken: dict[int, int]
) -> Goods:
    """Write into `made` what the row means for the shop. Answers what it says, as the shop says
    it."""
    variant, product, trouble = shop.find(reading.goods)
    product = variant.product if variant else product
    goods = _called(reading.goods, product)
    problems = [*reading.problems, *trouble, *_chosen_otherwise(reading, product)]
    if variant is not None:
        first = taken.setdefault(variant.pk, made.number)
        if first != made.number and not any(problem.code == "twice" for problem in problems):
            problems.append(Problem(Column.NAME, "twice", details={"row": str(first)}))
        problems += _compared(goods, variant, batch.merchant.currency)
        made.seen = {"on_hand": on_hand(variant)}
    made.variant, made.product = variant, product
    made.problems = [[p.column.value, p.code, p.grave, dict(p.details)] for p in problems]
    made.troubled = bool(problems)
    made.outcome = _outcome(goods, variant, problems).value
    return goods


def _outcome(goods: Goods, variant: Variant | None, problems: Iterable[Problem]) -> Outcome:
    if any(problem.grave for problem in problems):
        return Outcome.BAD
    if variant is None:
        return Outcome.NEW
    return Outcome.CHANGE if differs(goods, variant) else Outcome.SAME


def _called(goods: Goods, product: Product | None) -> Goods:
    """With its options in the order in which the product has them, and named after them."""
    if not goods.options or product is None:
        return goods
    pairs = in_order(product, goods.options)
    return replace(goods, options=tuple(pairs), spec=name_of([value for _name, value in pairs]))


def group_of(goods: Goods) -> str:
    """What the rows of one product have in common: what the sheet says, or name and a choice."""
    if goods.group:
        return f"={goods.group}"[:200]
    return f"~{fold(goods.name)}"[:200] if goods.spec else ""


def _chosen_otherwise(reading: Reading, product: Product | None) -> list[Problem]:
    """Its options in the shop are others: those are changed on its own page."""
    if product is None:
        return []
    there = [name for name, _values in product.options]
    named = [name for name, _value in reading.goods.options]
    if there and named and _folded(there) != _folded(named):
        options = {"options": ", ".join(there)}
        return [Problem(reading.slots[0].column, "other_options", details=options)]
    return []


def _folded(names: Iterable[str]) -> list[str]:
    return sorted(name.casefold() for name in names)


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
        (goods.shelf_place or None, variant.shelf_place),
        (goods.weight, variant.weight),
        (values_for(product, goods.options) or None, variant.options),
        (goods.description, product.description),
        (goods.category, product.category.name if product.category else ""),
        (goods.state.value if goods.state else None, product.state),
        (goods.stock, on_hand(variant)),
    ]
    compare = goods.compare_at is not None and goods.compare_at != variant.compare_at
    return variant.archived or compare or any(new is not None and new != old for new, old in pairs)


def in_order(product: Product, pairs: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    """The options of a row (name, value) in the order of the product's, if it has any yet."""
    by_name = {name.casefold(): (name, value) for name, value in pairs}
    there = [name.casefold() for name, _values in product.options]
    if sorted(by_name) != sorted(there):
        return list(by_name.values())
    return [by_name[name] for name in there]


def values_for(product: Product, pairs: Iterable[Sequence[str]]) -> list[str]:
    """The values alone, as a variant has them."""
    return [value for _name, value in in_order(product, pairs)]


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
