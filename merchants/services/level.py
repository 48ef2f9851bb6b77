"""What lists sort by: free pieces of a product, in all and per store, counted up a moment later.

A sale marks its stock `stale` in the UPDATE that it makes anyway and pays nothing else. A sweep
counts products with stale stock anew, absolutely, a few hundred in a transaction: a count that is
late is late, never wrong, and two sweeps or two stores at once lose nothing (docs/adr/0009).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Sum, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import Level, Product, Stock, StockMovement, Store, Variant
from merchants.rules.product import ProductState
from merchants.services.notification import notify_all

BATCH = 200  # products in a transaction: on SQLite a sale waits that long for its turn


# Every variant of these products with its free pieces over all stores: 0 where it never lay.
KINDS = """
    SELECT variant.id, variant.product_id, variant.low_stock, variant.low_since,
           COALESCE(SUM(stock.on_hand - stock.reserved), 0) AS free
    FROM merchants_variant AS variant
    LEFT JOIN merchants_stock AS stock ON stock.variant_id = variant.id
    WHERE variant.product_id IN ({ids}) AND NOT variant.archived
    GROUP BY variant.id
"""
WRITE_LEVELS = """
    INSERT INTO merchants_level (product_id, store_id, free)
    SELECT variant.product_id, stock.store_id, SUM(stock.on_hand - stock.reserved)
    FROM merchants_stock AS stock
    JOIN merchants_variant AS variant ON variant.id = stock.variant_id
    WHERE variant.product_id IN ({ids}) AND NOT variant.archived
    GROUP BY variant.product_id, stock.store_id
    ORDER BY variant.product_id, stock.store_id
    ON CONFLICT (product_id, store_id) DO UPDATE SET free = excluded.free
    WHERE merchants_level.free <> excluded.free
"""
DROP_LEVELS = """
    DELETE FROM merchants_level
    WHERE product_id IN ({ids}) AND NOT EXISTS (
        SELECT 1 FROM merchants_stock AS stock
        JOIN merchants_variant AS variant ON variant.id = stock.variant_id
        WHERE variant.product_id = merchants_level.product_id
          AND stock.store_id = merchants_level.store_id AND NOT variant.archived
    )
"""
WRITE_PRODUCTS = """
    UPDATE merchants_product SET free = sums.free, low = sums.low
    FROM (
        SELECT product.id, COALESCE(SUM(kind.free), 0) AS free,
               COALESCE(MAX(CASE WHEN kind.free <= kind.low_stock THEN 1 ELSE 0 END), 0) = 1 AS low
        FROM merchants_product AS product
        LEFT JOIN ({kinds}) AS kind ON kind.product_id = product.id
        WHERE product.id IN ({ids})
        GROUP BY product.id
    ) AS sums
    WHERE merchants_product.id = sums.id
      AND (merchants_product.free <> sums.free OR merchants_product.low <> sums.low)
"""
FORGET_LOW = """
    UPDATE merchants_variant SET low_since = NULL
    WHERE id IN (
        SELECT kind.id FROM ({kinds}) AS kind
        WHERE kind.low_since IS NOT NULL AND kind.free > kind.low_stock
    )
"""
THAT_ARE_LOW = """
    SELECT kind.id, kind.product_id, kind.free FROM ({kinds}) AS kind
    WHERE kind.low_since IS NULL AND kind.free <= kind.low_stock
    ORDER BY kind.id
"""


def mark_stale(products: Iterable[Product]) -> None:
    """Have these counted anew: a threshold changed, or a variant came, went or was taken out.

    In the caller's transaction, which has made or locked the products. One whose variants have no
    stock at all has no row to mark; it is counted here.
    """
    pks = [product.pk for product in products]
    Stock.objects.filter(pk__in=lock_stock(pks), stale=False).update(stale=True)
    stocked = Stock.objects.filter(variant__product=OuterRef("pk"))
    bare = Product.objects.filter(~Exists(stocked), pk__in=pks)
    _count(list(bare.values_list("pk", flat=True)), timezone.now())


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
    found = list(mine.filter(pk__in=products).order_by("pk").values_list("pk", flat=True))
    moved = Stock.objects.select_for_update(skip_locked=True)
    rows = moved.filter(variant__in=_whole(found), stale=True)
    Stock.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(stale=False)
    _count(found, now)
    return len(found)


def _whole(products: Sequence[int]) -> QuerySet[Variant, Any]:
    """Their variants, those taken out too: their stock may still carry a mark."""
    return Variant.whole.filter(product__in=products).values("pk")


def _count(products: Sequence[int], now: datetime) -> None:
    """Write the sums of these products as they stand: six statements, however many there are.

    Nothing but who crossed the threshold comes out of the database.
    """
    if not products:
        return
    ids = ", ".join(str(int(pk)) for pk in products)  # numbers of ours, nothing typed
    parts = {"ids": ids, "kinds": KINDS.format(ids=ids)}
    counted = set(Level.objects.filter(product__in=products).values_list("product", flat=True))
    with connection.cursor() as cursor:
        for statement in (WRITE_LEVELS, DROP_LEVELS, WRITE_PRODUCTS, FORGET_LOW):
            cursor.execute(statement.format(**parts))
        cursor.execute(THAT_ARE_LOW.format(**parts))
        low = [Low(*row) for row in cursor.fetchall()]
    _write_crossings(low, counted, now)


class Low(NamedTuple):
    """A variant at its threshold that was not yet known to be."""

    pk: int
    product_id: int
    free: int


def _write_crossings(low: Sequence[Low], counted: set[int], now: datetime) -> None:
    """Remember who is low and since when; tell once of whoever fell.

    A product that is counted for the first time has not fallen, however little there is: a sheet of
    a thousand new goods rings no bell. Nor has a specification that never was above its threshold.
    """
    free = {one.pk: int(one.free) for one in low}
    fell = _that_fell([one.pk for one in low if one.product_id in counted])
    quiet = free.keys() - {one.pk for one in fell}
    Variant.objects.filter(pk__in=quiet, low_since__isnull=True).update(low_since=now)
    for variant in fell:
        mine = Variant.objects.filter(pk=variant.pk, low_since__isnull=True)
        if mine.update(low_since=now) and variant.product.state == ProductState.ON_SALE:
            _tell(variant, free[variant.pk], now)


def _that_fell(pks: Sequence[int]) -> list[Variant]:
    """Those of which there were once more than their threshold."""
    if not pks:
        return []
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
