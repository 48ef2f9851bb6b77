"""What lists sort by: free pieces of a product, in all and per store, counted up a moment later.

A sale marks its stock `stale` in the UPDATE that it makes anyway and pays nothing else. A sweep
counts products with stale stock anew, absolutely, a few hundred in a transaction: a count that is
late is late, never wrong, and two sweeps or two stores at once lose nothing (docs/adr/0009).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Sum, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import Level, Product, Stock, StockMovement, Store, Variant
from merchants.rules.product import ProductState
from merchants.services.notification import notify_all

BATCH = 200  # products in a transaction: on SQLite a sale waits that long for its turn
PIECES = F("on_hand") - F("reserved")
LEVEL = ("product_id", "store_id", "free")


def mark_stale(products: Iterable[Product]) -> None:
    """Have these counted anew: a threshold changed, or a variant came, went or was taken out.

    In the caller's transaction, which has made or locked the products. One whose variants have no
    stock at all has no row to mark; it is counted here.
    """
    pks = [product.pk for product in products]
    Stock.objects.filter(pk__in=lock_stock(pks), stale=False).update(stale=True)
    stocked = Stock.objects.filter(variant__product=OuterRef("pk"))
    bare = Product.objects.filter(~Exists(stocked), pk__in=pks)
    if without := list(bare):
        _count(without, [one for one in _variants(without) if not one.archived], timezone.now())


def lock_stock(products: Iterable[int]) -> list[int]:
    """The stock of these products, held till the transaction ends; the ids of its rows.

    In the order in which services.stock takes rows. Who will write many of them in any other order
    calls it first, or a shopper's basket and he would wait for each other.
    """
    rows = Stock.objects.select_for_update(no_key=True, of=("self",))
    mine = rows.filter(variant__product__in=list(products))
    return list(
        mine.order_by("variant_id", "store__position", "store_id").values_list("pk", flat=True)
    )


def settle_levels(*, now: datetime | None = None, limit: int = 100_000) -> int:
    """Count every product whose stock moved. Returns how many, about `limit` at most.

    Afterwards `Level.free`, `Product.free`, `Product.low` and `Variant.low_since` say what the
    stock said, and whoever fell to the threshold has one notice for it. Safe beside itself.
    """
    settled = cursor = 0
    while settled < limit:
        begun = time.monotonic()
        rows = list(
            Stock.objects.filter(stale=True, variant_id__gt=cursor)
            .order_by("variant_id")
            .values_list("variant_id", "variant__product_id")[:BATCH]
        )
        if not rows:
            break
        cursor = rows[-1][0]
        settled += _settle({product for _variant, product in rows}, now or timezone.now())
        if len(rows) == BATCH and not connection.features.has_select_for_update:
            time.sleep(time.monotonic() - begun)  # one writer at a time: a sale goes first
    return settled


@transaction.atomic
def _settle(products: set[int], now: datetime) -> int:
    """Clear the marks, then count: what moves in between is marked again by whoever moves it.

    Nobody is waited for. A product that another sweep or a person holds, or a row that a sale
    holds, keeps its mark for the next time; so the order of our locks cannot matter.
    """
    mine = Product.objects.select_for_update(no_key=True, skip_locked=True)
    found = list(mine.filter(pk__in=products).order_by("pk").only("free", "low"))
    variants = _variants(found)
    moved = Stock.objects.select_for_update(skip_locked=True)
    rows = moved.filter(variant__in=[one.pk for one in variants], stale=True)
    Stock.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(stale=False)
    _count(found, [one for one in variants if not one.archived], now)
    return len(found)


class Kind(NamedTuple):
    """What is asked of a variant: cheaper by half than the model."""

    pk: int
    product_id: int
    low_stock: int
    low_since: datetime | None
    archived: bool


def _variants(products: Sequence[Product]) -> list[Kind]:
    """Those taken out too: their stock may still carry a mark."""
    rows = Variant.whole.filter(product__in=[product.pk for product in products])
    return [Kind(*row) for row in rows.values_list(*Kind._fields)]


def _count(products: Sequence[Product], variants: Sequence[Kind], now: datetime) -> None:
    """Write the sums of these products as they stand. A constant number of statements."""
    free: dict[int, int] = defaultdict(int)
    places: dict[tuple[int, int], int] = defaultdict(int)
    product_of = {one.pk: one.product_id for one in variants}
    rows = Stock.objects.filter(variant__in=product_of)
    for variant, store, pieces in rows.values_list("variant_id", "store_id", PIECES):
        free[variant] += pieces
        places[product_of[variant], store] += pieces
    counted = _write_levels(products, places)
    _write_products(products, variants, free)
    _write_crossings(variants, free, counted, now)


def _write_levels(products: Sequence[Product], places: dict[tuple[int, int], int]) -> set[int]:
    """The levels of each store. Returns the products that had been counted before."""
    known = Level.objects.filter(product__in=products)
    before = {(product, store): free for product, store, free in known.values_list(*LEVEL)}
    Level.objects.bulk_create(
        [
            Level(product_id=product, store_id=store, free=free)
            for (product, store), free in sorted(places.items())
            if before.get((product, store)) != free
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["product", "store"],
        update_fields=["free"],
    )
    for product, store in before.keys() - places.keys():  # its stock was unmade: seldom
        known.filter(product=product, store=store).delete()
    return {product for product, _store in before}


def _write_products(
    products: Sequence[Product], variants: Sequence[Kind], free: dict[int, int]
) -> None:
    total: dict[int, int] = defaultdict(int)
    low: set[int] = set()
    for one in variants:
        total[one.product_id] += free.get(one.pk, 0)
        if free.get(one.pk, 0) <= one.low_stock:
            low.add(one.product_id)
    changed = [
        (total[product.pk], product.pk in low, product.pk)
        for product in products
        if (product.free, product.low) != (total[product.pk], product.pk in low)
    ]
    with connection.cursor() as cursor:  # bulk_update builds a CASE a row: ten times as slow
        cursor.executemany("UPDATE merchants_product SET free=%s, low=%s WHERE id=%s", changed)


def _write_crossings(
    variants: Sequence[Kind], free: dict[int, int], counted: set[int], now: datetime
) -> None:
    """Remember who is low and since when; tell once of whoever fell.

    A product that is counted for the first time has not fallen, however little there is: a sheet of
    a thousand new goods rings no bell. Nor has a specification that never was above its threshold.
    """
    is_low = {one.pk: free.get(one.pk, 0) <= one.low_stock for one in variants}
    up = [one.pk for one in variants if one.low_since and not is_low[one.pk]]
    down = [one for one in variants if one.low_since is None and is_low[one.pk]]
    Variant.objects.filter(pk__in=up).update(low_since=None)
    fell = _that_fell([one.pk for one in down if one.product_id in counted])
    quiet = {one.pk for one in down} - {one.pk for one in fell}
    Variant.objects.filter(pk__in=quiet, low_since__isnull=True).update(low_since=now)
    for variant in fell:
        mine = Variant.objects.filter(pk=variant.pk, low_since__isnull=True)
        if mine.update(low_since=now) and variant.product.state == ProductState.ON_SALE:
            _tell(variant, free.get(variant.pk, 0), now)


def _that_fell(pks: Sequence[int]) -> list[Variant]:
    """Those of which there were once more than their threshold."""
    height = Window(Sum("delta"), partition_by=F("stock__variant_id"), order_by=F("pk").asc())
    peaks: dict[int, int] = {}
    for pk, pieces in (
        StockMovement.objects.filter(stock__variant__in=pks)
        .order_by()
        .annotate(height=height)
        .values_list("stock__variant_id", "height")
    ):
        peaks[pk] = max(peaks.get(pk, 0), pieces)
    found = Variant.objects.filter(pk__in=peaks).select_related("product__merchant")
    return [variant for variant in found if peaks[variant.pk] > variant.low_stock]


def _tell(variant: Variant, left: int, now: datetime) -> None:
    product = variant.product
    facts = {"goods": str(variant), "left": left, "line": variant.low_stock}

    def say() -> tuple[str, str]:
        if left <= 0:
            return _("%(goods)s is sold out") % facts, _("None left in any store.")
        return (
            _("%(goods)s: %(left)s left") % facts,
            _("%(left)s left over all stores. You want to know from %(line)s on.") % facts,
        )

    address = reverse("merchants:product_stock", args=[product.merchant.slug, product.public_id])
    notify_all(
        merchant=product.merchant,
        kind="low_stock",
        key=f"low_stock:{variant.pk}:{now.isoformat()}",
        say=say,
        path=f"{address}?variant={variant.pk}",
        stores=Store.objects.filter(stock__variant=variant),
    )
