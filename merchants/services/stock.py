"""The verbs of stock: the only place where `on_hand` and `reserved` are written.

The guard is inside each UPDATE, so two buyers can never take the same piece; the CHECK
constraints of `Stock` would refuse what a mistake here let through. Each write leaves the row
`stale`, in the same UPDATE: what lists sort by follows a moment later (services.level). Rows of
several goods or stores are locked by variant, then store (`in_order`), by whoever locks them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.errors import BadQuantity, OutOfStock, RuleBroken, StoreClosed
from merchants.models import (
    Merchant,
    Reservation,
    Stock,
    StockMovement,
    Store,
    User,
    Variant,
)
from merchants.rules.stock import Reason, spread
from merchants.services.store import keep_open
from merchants.signals import stock_changed

MOST_ON_HAND = 10_000_000


class HeldForOrders(OutOfStock):
    """There are pieces, but somebody has been promised them."""

    code = "held_for_orders"
    sentence = gettext_lazy(
        "Of the %(there)s in %(store)s, %(held)s are held for online orders: they stay."
    )


class TakenOut(RuleBroken):
    """An archived variant has no pieces, and gets none."""

    code = "taken_out"
    sentence = gettext_lazy("%(goods)s was taken out of the assortment: no pieces can come in.")


@transaction.atomic
def change_stock(
    *,
    variant: Variant,
    store: Store,
    delta: int,
    reason: Reason,
    by: User | None,
    reference: str = "",
    note: str = "",
) -> Stock:
    """Add `delta` pieces (negative: take away) and write why into the ledger.

    What is held for orders stays. Raises OutOfStock if fewer than that are free (HeldForOrders if
    that is why), BadQuantity for 0 or an absurd number, TakenOut for pieces of an archived one,
    StoreClosed.
    """
    if variant.merchant_id != store.merchant_id:
        raise BadQuantity
    stock, _made = Stock.objects.get_or_create(variant=variant, store=store)
    entry = Entry(reason=reason, by=by, at=timezone.now(), reference=reference, note=note)
    book(stock=stock, delta=delta, entry=entry)
    stock_changed.state(variant_ids={variant.pk})
    stock.refresh_from_db()
    return stock


@dataclass(frozen=True)
class Entry:
    """What the ledger says beside the number."""

    reason: Reason
    by: User | None
    at: datetime
    reference: str = ""
    note: str = ""
    unit_price: int | None = None  # what a piece was sold for at the counter


def book(*, stock: Stock, delta: int, entry: Entry) -> None:
    """Add `delta` to one row and to its ledger, within the caller's transaction.

    Raises as `change_stock`.
    """
    if delta == 0 or abs(delta) > MOST_ON_HAND:
        raise BadQuantity
    changed = Stock.objects.filter(
        pk=stock.pk, on_hand__gte=F("reserved") - delta, on_hand__lte=MOST_ON_HAND - delta
    ).update(on_hand=F("on_hand") + delta, stale=True)
    if not changed:
        raise too_few(stock, -delta) if delta < 0 else BadQuantity
    if delta > 0:
        keep_open(stock.store_id)
        # Looked at when the row is ours: whoever archives a variant locks its stock first.
        if gone := Variant.whole.filter(pk=stock.variant_id, archived=True).first():
            raise TakenOut(TakenOut.sentence % {"goods": gone})
    _record(stock, delta, entry)


def too_few(stock: Stock, wanted: int) -> OutOfStock:
    """The refusal that says what is there, and whether orders hold it."""
    now = Stock.objects.select_related("store").get(pk=stock.pk)
    if now.store.closed_at is not None:
        raise StoreClosed(StoreClosed.sentence % {"store": now.store.name})
    facts = {"store": now.store.name, "there": now.on_hand, "held": now.reserved}
    if now.on_hand >= wanted:
        return HeldForOrders(HeldForOrders.sentence % facts, free=now.available)
    if now.on_hand > 0:
        return OutOfStock(_("%(store)s has only %(there)s of it.") % facts, free=now.available)
    return OutOfStock(_("%(store)s has none of it left.") % facts, free=0)


def in_order(stores: Iterable[Store]) -> list[Store]:
    """The order in which rows of one variant are locked, so that nobody waits for each other."""
    return sorted(stores, key=lambda store: (store.position, store.pk))


@transaction.atomic
def receive_new(
    *, pieces: Mapping[Variant, int], store: Store, by: User | None, reference: str
) -> None:
    """The first stock of variants that this transaction has made: many at once, each in the ledger.

    Raises BadQuantity for an absurd number, StoreClosed, IntegrityError for a variant that has
    stock already.
    """
    if any(not 0 < count <= MOST_ON_HAND for count in pieces.values()):
        raise BadQuantity
    keep_open(store.pk)
    fresh = [Stock(variant=one, store=store, on_hand=count) for one, count in pieces.items()]
    stock = Stock.objects.bulk_create(fresh, batch_size=500)
    facts: dict[str, Any] = {"reason": Reason.RECEIVED.value, "by": by, "reference": reference}
    now = timezone.now()
    moves = [StockMovement(stock=one, delta=one.on_hand, at=now, **facts) for one in stock]
    StockMovement.objects.bulk_create(moves, batch_size=500)


def lock_stock(*, merchant: Merchant, variants: Iterable[int]) -> list[Stock]:
    """Lock every row of these variants in the one order, for whoever gives some back and then holds
    others: row by row he would go back in that order, and could wait for who waits for him.

    Returns the rows in that order.
    """
    rows = Stock.objects.select_for_update(no_key=True, of=("self",)).filter(
        variant__in=list(variants), variant__merchant=merchant
    )
    return list(rows.order_by("variant_id", "store__position", "store_id"))


@transaction.atomic
def reserve(
    *,
    merchant: Merchant,
    basket: Mapping[int, int],
    reference: str,
    store: Store | None = None,
) -> list[Reservation]:
    """Hold pieces of {variant id: quantity}, from `store` alone or from wherever they lie.

    Raises OutOfStock, and holds nothing, if any variant cannot be filled.
    """
    now = timezone.now()
    held: list[Reservation] = []
    for variant_id, quantity in sorted(basket.items()):  # one order of locks: no deadlock
        if not 1 <= quantity <= MOST_ON_HAND:
            raise BadQuantity
        held += _hold(merchant, variant_id, quantity, reference, store, now)
    stock_changed.state(variant_ids=set(basket))
    return held


def _hold(
    merchant: Merchant,
    variant_id: int,
    quantity: int,
    reference: str,
    store: Store | None,
    now: datetime,
) -> list[Reservation]:
    # Read first, then take what was seen; when another buyer came between, look again. On SQLite
    # the transaction is exclusive from its start, so the second look never happens there.
    for _again in range(20):
        rows = Stock.objects.filter(variant_id=variant_id, variant__merchant=merchant)
        if store is not None:
            rows = rows.filter(store=store)
        places = list(rows.order_by("store__position", "store_id"))
        plan = spread(quantity, [place.available for place in places])
        if plan is None:
            raise OutOfStock
        taken = [(place, pieces) for place, pieces in zip(places, plan, strict=True) if pieces]
        done = [(place, n) for place, n in taken if _hold_at(place, n)]
        if len(done) == len(taken):
            return [_reservation(merchant, place, n, reference, now) for place, n in done]
        for place, n in done:
            Stock.objects.filter(pk=place.pk).update(reserved=F("reserved") - n, stale=True)
    raise OutOfStock


def _hold_at(stock: Stock, quantity: int) -> bool:
    return bool(
        Stock.objects.filter(pk=stock.pk, on_hand__gte=F("reserved") + quantity).update(
            reserved=F("reserved") + quantity, stale=True
        )
    )


def _reservation(
    merchant: Merchant, stock: Stock, quantity: int, reference: str, now: datetime
) -> Reservation:
    return Reservation.objects.create(
        merchant=merchant, stock=stock, quantity=quantity, reference=reference, opened_at=now
    )


@transaction.atomic
def release(*, merchant: Merchant, reference: str) -> int:
    """Give back everything still held under `reference`. Returns the pieces given back."""
    now = timezone.now()
    given = 0
    variants = set()
    for held in _open(merchant, reference):
        if _close(held, now, taken=False):
            Stock.objects.filter(pk=held.stock_id).update(
                reserved=F("reserved") - held.quantity, stale=True
            )
            given += held.quantity
            variants.add(held.stock.variant_id)
    if variants:
        stock_changed.state(variant_ids=variants)
    return given


@transaction.atomic
def release_part(
    *,
    merchant: Merchant,
    reference: str,
    quantity: int,
    variant_id: int | None = None,
    store: Store | None = None,
) -> int:
    """Give back so many of the pieces held under `reference`, perhaps of one variant alone; those
    at `store` first, if one is named.

    Returns how many there were to give. Within the caller's transaction they are his to hold
    again: the stock's rows are locked.
    """
    left = quantity
    rows = list(_open(merchant, reference))
    if store is not None:
        rows.sort(key=lambda held: held.stock.store_id != store.pk)
    for held in rows:
        if variant_id not in (None, held.stock.variant_id):
            continue
        part = min(held.quantity, left)
        if not part:
            break
        rest = Reservation.objects.filter(pk=held.pk, closed_at=None, quantity__gt=part)
        if not rest.update(quantity=F("quantity") - part):
            part = held.quantity
            if not _close(held, timezone.now(), taken=False):
                continue
        Stock.objects.filter(pk=held.stock_id).update(reserved=F("reserved") - part, stale=True)
        left -= part
    if variant_id is not None:  # who holds any of them again at once says so himself
        stock_changed.state(variant_ids={variant_id})
    return quantity - left


@transaction.atomic
def pass_on(*, merchant: Merchant, reference: str, to: str) -> int:
    """What is held under `reference` is held under `to` from now on: nobody comes between.

    Returns how many reservations those were.
    """
    held = Reservation.objects.filter(merchant=merchant, reference=reference, closed_at=None)
    return held.update(reference=to)


@transaction.atomic
def take(
    *,
    merchant: Merchant,
    reference: str,
    by: User | None,
    variant_ids: Collection[int] | None = None,
) -> int:
    """Turn what is held under `reference`, perhaps of some variants alone, into pieces that have
    left the shop.
    """
    now = timezone.now()
    entry = Entry(reason=Reason.ORDER, by=by, at=now, reference=reference)
    gone = 0
    for held in _open(merchant, reference):
        if variant_ids is not None and held.stock.variant_id not in variant_ids:
            continue
        if _close(held, now, taken=True):
            Stock.objects.filter(pk=held.stock_id).update(
                reserved=F("reserved") - held.quantity,
                on_hand=F("on_hand") - held.quantity,
                stale=True,
            )
            _record(held.stock, -held.quantity, entry)
            gone += held.quantity
    return gone


def _open(merchant: Merchant, reference: str) -> list[Reservation]:
    held = Reservation.objects.filter(
        merchant=merchant, reference=reference, closed_at__isnull=True
    )
    # The order in which `reserve` locks the stock, so that giving back and holding never deadlock.
    return list(
        held.select_related("stock").order_by(
            "stock__variant_id", "stock__store__position", "stock__store_id"
        )
    )


def _close(held: Reservation, now: datetime, *, taken: bool) -> bool:
    return bool(
        Reservation.objects.filter(pk=held.pk, closed_at__isnull=True).update(
            closed_at=now, taken=taken
        )
    )


def _record(stock: Stock, delta: int, entry: Entry) -> None:
    StockMovement.objects.create(
        stock=stock,
        delta=delta,
        reason=entry.reason.value,
        by=entry.by,
        reference=entry.reference,
        note=entry.note[:80],
        unit_price=entry.unit_price,
        at=entry.at,
    )
