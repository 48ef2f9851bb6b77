"""The verbs of a stocktake: begin, count, book the differences or throw the count away."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.errors import BadQuantity, OutOfStock, RuleBroken
from merchants.models import Stock, StockMovement, Stocktake, StocktakeLine, Store, User, Variant
from merchants.rules.audit import Action
from merchants.rules.stock import Reason
from merchants.rules.stocktake import StocktakeState
from merchants.selectors.stocktake import uncounted
from merchants.services.audit import record
from merchants.services.stock import MOST_ON_HAND, Entry, TakenOut, book
from merchants.signals import stock_changed


class StocktakeOver(RuleBroken):
    code = "stocktake_over"
    sentence = _("This stocktake is over: it was booked or thrown away.")


class CountBelowHeld(RuleBroken):
    """Fewer were found than orders hold. `goods` are their names."""

    code = "count_below_held"

    def __init__(self, goods: list[str]) -> None:
        self.goods = goods
        super().__init__(
            _("Nothing was booked: online orders hold more than was found of %(goods)s.")
            % {"goods": _listed(goods)}
        )


class CountedTakenOut(RuleBroken):
    """More was found of goods that were taken out since."""

    code = "counted_taken_out"
    sentence = _(
        "Nothing was booked: %(goods)s was taken out of the assortment."
        " Clear its count, then book again."
    )


class MovedMeanwhile(RuleBroken):
    """Whether what was sold or came had been counted by then, nobody can tell."""

    code = "moved_meanwhile"
    sentence = _(
        "%(goods)s was sold or came in while it was being counted."
        " Count all of it again and type the number."
    )


def _listed(goods: list[str]) -> str:
    return ", ".join(goods[:5]) + (" …" if len(goods) > 5 else "")


@transaction.atomic
def begin_stocktake(*, store: Store, by: User) -> Stocktake:
    """Start to count a store, or go on with the one count that is open there."""
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    known = Stocktake.objects.filter(store=store, state=StocktakeState.OPEN.value).first()
    return known or Stocktake.objects.create(
        merchant=store.merchant, store=store, by=by, begun_at=timezone.now()
    )


@transaction.atomic
def count_one_more(*, stocktake: Stocktake, variant: Variant, by: User) -> StocktakeLine:
    """One more piece was found. Two devices that find one each have found two.

    What the ledger said when the first piece was found is what the line is compared with, so
    nothing may come or go until the last. Raises StocktakeOver, MovedMeanwhile.
    """
    fresh = _open(stocktake)
    line, made = StocktakeLine.objects.get_or_create(
        stocktake=fresh, variant=variant, defaults=_found(fresh, variant, 0, by)
    )
    if not made and _moved(line, fresh.store):
        raise MovedMeanwhile(MovedMeanwhile.sentence % {"goods": variant})
    mine = StocktakeLine.objects.filter(pk=line.pk, counted__lt=MOST_ON_HAND)
    mine.update(counted=F("counted") + 1, counted_at=timezone.now(), by=by)
    line.refresh_from_db()
    return line


@transaction.atomic
def set_count(*, stocktake: Stocktake, variant: Variant, counted: int, by: User) -> StocktakeLine:
    """So many were found, whatever was written before. Raises StocktakeOver, BadQuantity."""
    if not 0 <= counted <= MOST_ON_HAND:
        raise BadQuantity(_("Write a whole number from 0 to 1,000,000."))
    fresh = _open(stocktake)
    line, _made = StocktakeLine.objects.update_or_create(
        stocktake=fresh, variant=variant, defaults=_found(fresh, variant, counted, by)
    )
    return line


@transaction.atomic
def forget_count(*, stocktake: Stocktake, variant: Variant) -> None:
    """It was not counted after all: its stock stays as it is. Raises StocktakeOver."""
    _open(stocktake).lines.filter(variant=variant).delete()


@transaction.atomic
def apply_stocktake(*, stocktake: Stocktake, by: User, rest_is_gone: bool = False) -> Stocktake:
    """Book what was found against what the ledger said when it was found; once.

    What was sold since stays sold. Goods that nobody counted stay as they are, unless
    `rest_is_gone`. Raises CountBelowHeld or CountedTakenOut, naming the goods, and books nothing;
    StocktakeOver if it was thrown away. Booked before, it is left as it is.
    """
    now = timezone.now()
    mine = Stocktake.objects.filter(pk=stocktake.pk, state=StocktakeState.OPEN.value)
    if not mine.update(state=StocktakeState.APPLIED.value, ended_at=now):
        stocktake.refresh_from_db()
        if stocktake.state == StocktakeState.APPLIED:
            return stocktake
        raise StocktakeOver
    stocktake.refresh_from_db()
    if rest_is_gone:
        _count_rest_as_none(stocktake, by)
    entry = Entry(Reason.COUNTED, by, now, stocktake.reference)
    _book(stocktake, entry)
    return stocktake


@transaction.atomic
def discard_stocktake(*, stocktake: Stocktake, by: User) -> None:
    """Throw the count away; the stock stays as it is. Raises StocktakeOver."""
    mine = Stocktake.objects.filter(pk=stocktake.pk, state=StocktakeState.OPEN.value)
    if not mine.update(state=StocktakeState.DISCARDED.value, ended_at=timezone.now()):
        raise StocktakeOver


def _open(stocktake: Stocktake) -> Stocktake:
    """The stocktake, held open until the transaction ends: nothing is counted into a booked one."""
    mine = Stocktake.objects.select_for_update(no_key=True)
    fresh = mine.filter(pk=stocktake.pk, state=StocktakeState.OPEN.value).first()
    if fresh is None:
        raise StocktakeOver
    return fresh


def _moved(line: StocktakeLine, store: Store) -> bool:
    """Whether anything came or went since the line was begun; as much of both is seen too."""
    stock = Stock.objects.filter(variant=line.variant_id, store=store).first()
    if stock is None:
        return False
    later = StockMovement.objects.filter(stock=stock, at__gt=line.counted_at)
    return stock.on_hand != line.expected or later.exists()


def _found(stocktake: Stocktake, variant: Variant, counted: int, by: User) -> dict[str, object]:
    if variant.merchant_id != stocktake.merchant_id:
        raise BadQuantity
    stock = Stock.objects.filter(variant=variant, store=stocktake.store_id).first()
    return {
        "counted": counted,
        "expected": stock.on_hand if stock else 0,
        "counted_at": timezone.now(),
        "by": by,
    }


def _count_rest_as_none(stocktake: Stocktake, by: User) -> None:
    now = timezone.now()
    StocktakeLine.objects.bulk_create(
        [
            StocktakeLine(
                stocktake=stocktake,
                variant_id=stock.variant_id,
                counted=0,
                expected=stock.on_hand,
                counted_at=now,
                by=by,
            )
            for stock in uncounted(stocktake)
        ],
        batch_size=500,
    )


def _book(stocktake: Stocktake, entry: Entry) -> None:
    lines = stocktake.lines.exclude(counted=F("expected")).order_by("variant_id")
    moved, refused, gone = [], [], []
    for line in lines.select_related("variant__product"):
        stock, _made = Stock.objects.get_or_create(variant=line.variant, store=stocktake.store)
        try:
            book(stock=stock, delta=line.difference, entry=entry)
        except OutOfStock:
            refused.append(str(line.variant))
        except TakenOut:
            gone.append(str(line.variant))
        moved.append(line)
    if refused:
        raise CountBelowHeld(refused)
    if gone:
        raise CountedTakenOut(CountedTakenOut.sentence % {"goods": _listed(gone)})
    if moved:
        stock_changed.state(variant_ids={line.variant_id for line in moved})
    record(
        merchant=stocktake.merchant,
        action=Action.STOCKTAKE_APPLIED,
        by=entry.by,
        about=str(stocktake.store),
        reference=stocktake.reference,
        counted=stocktake.lines.count(),
        differences=len(moved),
        pieces=sum(line.difference for line in moved),
        value=sum(line.difference * line.variant.price for line in moved),
    )
