"""The verbs of a stocktake: begin, count, book the differences or throw the count away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.errors import BadQuantity, OutOfStock, RuleBroken
from merchants.models import Stock, StockMovement, Stocktake, StocktakeLine, Store, User, Variant
from merchants.rules.audit import Action
from merchants.rules.stock import Reason
from merchants.rules.stocktake import StocktakeState
from merchants.selectors.stocktake import uncounted
from merchants.services.audit import record
from merchants.services.stock import MOST_ON_HAND, Entry, HeldForOrders, TakenOut, book
from merchants.services.store import keep_open
from merchants.signals import stock_changed


class StocktakeOver(RuleBroken):
    code = "stocktake_over"
    sentence = _("This stocktake is over: it was booked or thrown away.")


class CountedMeanwhile(RuleBroken):
    """What would be booked is not what was looked at."""

    code = "counted_meanwhile"
    sentence = _(
        "Nothing was booked: somebody went on counting while you looked."
        " These are the differences now. Look at them, then book."
    )


class RestMoved(RuleBroken):
    """What would be booked as gone is not what was looked at."""

    code = "rest_moved"
    sentence = _(
        "Nothing was booked: of the goods that nobody counted, some were sold or came in while you"
        " looked. Look at what is left, then book."
    )


class NotBooked(RuleBroken):
    """Nothing was booked, because of `goods`: their names."""

    def __init__(self, goods: list[str]) -> None:
        self.goods = goods
        named = gettext(", ").join(goods[:5]) + (" …" if len(goods) > 5 else "")
        super().__init__(self.sentence % {"goods": named})


class CountBelowHeld(NotBooked):
    """Fewer were found than orders hold."""

    code = "count_below_held"
    sentence = _("Nothing was booked: online orders hold more than was found of %(goods)s.")


class CountOutsold(NotBooked):
    """More left the store since the count than was found: one of the two numbers is wrong."""

    code = "count_outsold"
    sentence = _(
        "Nothing was booked: more of %(goods)s was sold or moved since the count than was found."
        " Count it again, then book."
    )


class CountTooHigh(NotBooked):
    """With what came in since, more than a store can hold."""

    code = "count_too_high"
    sentence = _(
        "Nothing was booked: no store can hold as many of %(goods)s. Count it again, then book."
    )


class CountedTakenOut(NotBooked):
    """More was found of goods that were taken out since."""

    code = "counted_taken_out"
    sentence = _(
        "Nothing was booked: %(goods)s was taken out of the assortment."
        " Clear its count, then book again."
    )


REFUSALS = {  # what `book` says of one row -> what is said of the whole count; the first that fits
    HeldForOrders: CountBelowHeld,
    OutOfStock: CountOutsold,
    TakenOut: CountedTakenOut,
    BadQuantity: CountTooHigh,
}


class MovedMeanwhile(RuleBroken):
    """Whether what was sold or came had been counted by then, nobody can tell."""

    code = "moved_meanwhile"
    sentence = _(
        "%(goods)s was sold or came in while it was being counted."
        " Count all of it again and type the number."
    )


@transaction.atomic
def begin_stocktake(*, store: Store, by: User) -> Stocktake:
    """Start to count a store, or go on with the one count that is open there.

    Raises StoreClosed.
    """
    Store.whole.select_for_update(no_key=True).get(pk=store.pk)
    keep_open(store.pk)
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
def apply_stocktake(
    *, stocktake: Stocktake, by: User, version: int, gone: int | None = None
) -> Stocktake:
    """Book what was found against what the ledger said when it was found; once.

    What was sold since stays sold. `version` is that of the count she looked at. Goods that nobody
    counted stay as they are, unless `gone` says how many pieces of them she saw: those are booked
    as gone. Raises CountedMeanwhile or RestMoved if she would book what she did not see, NotBooked
    naming the goods in the way, StocktakeOver; and books nothing. Booked before as she saw it, it
    is left as it is.
    """
    now = timezone.now()
    mine = Stocktake.objects.filter(pk=stocktake.pk, version=version)
    ended = {"state": StocktakeState.APPLIED.value, "ended_at": now}
    if not mine.filter(state=StocktakeState.OPEN.value).update(**ended):
        return _booked_before(stocktake, version)
    stocktake.refresh_from_db()
    rest = set() if gone is None else set(uncounted(stocktake).values_list("variant_id", flat=True))
    held = _held(stocktake, rest)
    if gone is not None:
        _count_rest_as_none(stocktake, by, gone, [held[variant] for variant in sorted(rest)])
    _book(stocktake, Entry(Reason.COUNTED, by, now, stocktake.reference), held)
    return stocktake


def _booked_before(stocktake: Stocktake, version: int) -> Stocktake:
    """As she saw it; else raises what is in the way."""
    stocktake.refresh_from_db()
    if stocktake.state == StocktakeState.OPEN:
        raise CountedMeanwhile
    if stocktake.state != StocktakeState.APPLIED or stocktake.version != version:
        raise StocktakeOver
    return stocktake


@transaction.atomic
def discard_stocktake(*, stocktake: Stocktake, by: User) -> None:
    """Throw the count away; the stock stays as it is. Raises StocktakeOver."""
    mine = Stocktake.objects.filter(pk=stocktake.pk, state=StocktakeState.OPEN.value)
    if not mine.update(state=StocktakeState.DISCARDED.value, ended_at=timezone.now()):
        raise StocktakeOver


def _open(stocktake: Stocktake) -> Stocktake:
    """The stocktake, one version on and held until the transaction ends: nothing is counted into a
    booked one, and nobody books what he has not seen."""
    mine = Stocktake.objects.filter(pk=stocktake.pk, state=StocktakeState.OPEN.value)
    if not mine.update(version=F("version") + 1):
        raise StocktakeOver
    return Stocktake.objects.get(pk=stocktake.pk)


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


def _held(stocktake: Stocktake, rest: set[int]) -> dict[int, Stock]:
    """{variant: its row} of all that may be booked, locked from the lowest variant up as everybody
    locks them (services.stock). A row that is not there yet is made in its turn."""
    off = stocktake.lines.exclude(counted=F("expected")).values_list("variant_id", flat=True)
    rows, store = Stock.objects.select_for_update(no_key=True), stocktake.store
    wanted = sorted({*off, *rest})
    return {one: rows.get_or_create(variant_id=one, store=store)[0] for one in wanted}


def _count_rest_as_none(stocktake: Stocktake, by: User, seen: int, rest: Sequence[Stock]) -> None:
    """What is gone is what lies there. `rest` are the rows, locked: nothing moves any more."""
    now = timezone.now()
    if sum(stock.on_hand for stock in rest) != seen:
        raise RestMoved
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
            for stock in rest
            if stock.on_hand
        ],
        batch_size=500,
    )


def _book(stocktake: Stocktake, entry: Entry, held: Mapping[int, Stock]) -> None:
    lines = stocktake.lines.exclude(counted=F("expected")).order_by("variant_id")
    moved = list(lines.select_related("variant__product"))
    refused: dict[type[NotBooked], list[str]] = {kind: [] for kind in REFUSALS.values()}
    for line in moved:
        try:
            book(stock=held[line.variant_id], delta=line.difference, entry=entry)
        except tuple(REFUSALS) as why:
            kind = next(REFUSALS[one] for one in REFUSALS if isinstance(why, one))
            refused[kind].append(str(line.variant))
    for kind, goods in refused.items():
        if goods:
            raise kind(goods)
    if moved:
        stock_changed.state(variant_ids={line.variant_id for line in moved})
    _write_down(stocktake, entry, moved)


def _write_down(stocktake: Stocktake, entry: Entry, moved: Sequence[StocktakeLine]) -> None:
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
