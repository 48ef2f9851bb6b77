"""Pieces for many at once: the rows are locked and written once, whoever they are for.

Both within the caller's transaction, which rolls back as a whole if anything goes wrong: a
savepoint for each step would be two more questions to the database. What is held is told as rows
that the caller writes with his own (services.rows): until then nobody has anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from merchants.errors import OutOfStock
from merchants.models import Merchant, Reservation, Stock
from merchants.rules.stock import spread
from merchants.services.stock import lock_stock
from merchants.signals import stock_changed


@dataclass(frozen=True)
class Wanted:
    """Pieces of {variant id: quantity} under a reference, from one store or from wherever."""

    reference: str
    basket: Mapping[int, int]
    store_id: int | None = None


Rows = list[Reservation]  # that hold somebody's pieces; not written yet


@transaction.atomic(savepoint=False)
def reserve_each(*, merchant: Merchant, wanted: Sequence[Wanted]) -> list[Rows | None]:
    """Hold for each, first come first served: the rows, or None for whom there was not enough."""
    variants = {pk for one in wanted for pk in one.basket}
    rows = lock_stock(merchant=merchant, variants=variants)
    free = {row.pk: row.available for row in rows}
    now = timezone.now()
    done: list[Rows | None] = []
    taken = Counter[int]()
    for one in wanted:
        plan = _plan(one, rows, free)
        for pk, pieces in (plan or {}).items():
            free[pk] -= pieces
            taken[pk] += pieces
        done.append(None if plan is None else _rows(merchant, one.reference, plan, now))
    for row in rows:
        if (pieces := taken[row.pk]) and not _take(row, pieces):
            raise OutOfStock  # the row is ours: only a fault elsewhere could bring this about
    if taken:
        stock_changed.state(variant_ids=variants)
    return done


def _rows(merchant: Merchant, reference: str, plan: Mapping[int, int], now: datetime) -> Rows:
    """What holds {stock id: pieces} under this reference."""
    return [
        Reservation(
            merchant_id=merchant.pk,
            stock_id=pk,
            quantity=pieces,
            reference=reference,
            opened_at=now,
        )
        for pk, pieces in plan.items()
    ]


def _plan(one: Wanted, rows: Sequence[Stock], free: Mapping[int, int]) -> dict[int, int] | None:
    """{stock id: pieces} that fill her basket, or None."""
    plan: dict[int, int] = {}
    for variant, quantity in one.basket.items():
        places = [
            row.pk
            for row in rows
            if row.variant_id == variant and one.store_id in (None, row.store_id)
        ]
        parts = spread(quantity, [free[pk] for pk in places])
        if parts is None:
            return None
        plan |= {pk: part for pk, part in zip(places, parts, strict=True) if part}
    return plan


def _take(row: Stock, pieces: int) -> bool:
    return bool(
        Stock.objects.filter(pk=row.pk, on_hand__gte=F("reserved") + pieces).update(
            reserved=F("reserved") + pieces, stale=True
        )
    )


@transaction.atomic(savepoint=False)
def hand_over(
    *, merchant: Merchant, reference: str, to: Sequence[tuple[str, int]]
) -> tuple[dict[str, Rows], int]:
    """Pieces of one variant that are held under `reference` are held for others from now on.

    `to` names each one's reference and quantity; returns the rows under each (with the first one's
    go those that gave), and how many pieces stay where they were. What is free does not change, so
    the stock's own row is not even touched. Raises OutOfStock if fewer are held.
    """
    rows = Reservation.objects.select_for_update(of=("self",)).filter(
        merchant=merchant, reference=reference, closed_at=None
    )
    places = list(rows.order_by("stock__store__position", "stock__store_id"))
    left = {row.pk: row.quantity for row in places}
    now = timezone.now()
    fresh: dict[str, Rows] = {}
    for name, quantity in to:
        parts = spread(quantity, [left[row.pk] for row in places])
        if parts is None:
            raise OutOfStock
        plan: dict[int, int] = {}
        for row, part in zip(places, parts, strict=True):
            left[row.pk] -= part
            if part:
                plan[row.stock_id] = plan.get(row.stock_id, 0) + part
        fresh[name] = _rows(merchant, name, plan, now)
    for row in places:
        if left[row.pk] == row.quantity:
            continue
        if left[row.pk]:
            row.quantity = left[row.pk]
        else:  # a row never holds nothing: it keeps its number, and is over
            row.closed_at = now
        fresh[to[0][0]].append(row)
    return fresh, sum(left.values())
