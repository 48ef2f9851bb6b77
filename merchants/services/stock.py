"""The verbs of stock: the only place where `on_hand` and `reserved` are written.

The guard is inside each UPDATE, so two buyers can never take the same piece; the CHECK
constraints of `Stock` would refuse what a mistake here let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from merchants.errors import BadQuantity, OutOfStock
from merchants.models import (
    Merchant,
    Reservation,
    Stock,
    StockMovement,
    Store,
    User,
    Variant,
)
from merchants.rules.stock import MOST_AT_ONCE, Reason, spread
from merchants.signals import stock_changed

MOST_ON_HAND = 10_000_000


@transaction.atomic
def change_stock(
    *,
    variant: Variant,
    store: Store,
    delta: int,
    reason: Reason,
    by: User | None,
    reference: str = "",
) -> Stock:
    """Add `delta` pieces (negative: take away) and write why into the ledger.

    Raises OutOfStock if fewer than that are free, BadQuantity for 0 or an absurd number.
    """
    if delta == 0 or abs(delta) > MOST_ON_HAND or variant.merchant_id != store.merchant_id:
        raise BadQuantity
    stock, _ = Stock.objects.get_or_create(variant=variant, store=store)
    changed = Stock.objects.filter(
        pk=stock.pk, on_hand__gte=F("reserved") - delta, on_hand__lte=MOST_ON_HAND - delta
    ).update(on_hand=F("on_hand") + delta)
    if not changed:
        raise OutOfStock if delta < 0 else BadQuantity
    _record(stock, delta, reason, by=by, reference=reference, at=timezone.now())
    stock_changed.state(variant_ids={variant.pk})
    stock.refresh_from_db()
    return stock


@transaction.atomic
def receive_new(
    *, pieces: Mapping[Variant, int], store: Store, by: User | None, reference: str
) -> None:
    """The first stock of variants that this transaction has made: many at once, each in the ledger.

    Raises BadQuantity for an absurd number, IntegrityError for a variant that has stock already.
    """
    if any(not 0 < count <= MOST_ON_HAND for count in pieces.values()):
        raise BadQuantity
    now = timezone.now()
    stock = Stock.objects.bulk_create(
        [Stock(variant=variant, store=store, on_hand=count) for variant, count in pieces.items()],
        batch_size=500,
    )
    StockMovement.objects.bulk_create(
        [
            StockMovement(
                stock=place,
                delta=place.on_hand,
                reason=Reason.RECEIVED.value,
                by=by,
                reference=reference,
                at=now,
            )
            for place in stock
        ],
        batch_size=500,
    )


def sell_at_counter(*, variant: Variant, store: Store, by: User, quantity: int = 1) -> Stock:
    """Somebody bought it in the shop: it is gone from the live room at once."""
    return change_stock(
        variant=variant, store=store, delta=-quantity, reason=Reason.COUNTER_SALE, by=by
    )


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
        if not 1 <= quantity <= MOST_AT_ONCE:
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
    for _ in range(20):
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
            Stock.objects.filter(pk=place.pk).update(reserved=F("reserved") - n)
    raise OutOfStock


def _hold_at(stock: Stock, quantity: int) -> bool:
    return bool(
        Stock.objects.filter(pk=stock.pk, on_hand__gte=F("reserved") + quantity).update(
            reserved=F("reserved") + quantity
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
            Stock.objects.filter(pk=held.stock_id).update(reserved=F("reserved") - held.quantity)
            given += held.quantity
            variants.add(held.stock.variant_id)
    if variants:
        stock_changed.state(variant_ids=variants)
    return given


@transaction.atomic
def take(*, merchant: Merchant, reference: str, by: User | None) -> int:
    """Turn everything held under `reference` into pieces that have left the shop."""
    now = timezone.now()
    gone = 0
    for held in _open(merchant, reference):
        if _close(held, now, taken=True):
            Stock.objects.filter(pk=held.stock_id).update(
                reserved=F("reserved") - held.quantity, on_hand=F("on_hand") - held.quantity
            )
            _record(held.stock, -held.quantity, Reason.ORDER, by=by, reference=reference, at=now)
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


def _record(
    stock: Stock, delta: int, reason: Reason, *, by: User | None, reference: str, at: datetime
) -> None:
    StockMovement.objects.create(
        stock=stock, delta=delta, reason=reason.value, by=by, reference=reference, at=at
    )
