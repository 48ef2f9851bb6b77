"""Takes an import out of the shop again, a batch at a time, from its last row to its first.

What it made is unmade with its ledger, for no one ever had it; what it wrote over is put back where
nobody has written since; what it counted is booked back. What is in use by now stays: archived, or
for sale while pieces of it lie in a store, for nobody would find them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Sum
from django.utils import timezone

from merchants.errors import RuleBroken
from merchants.models import (
    Import,
    ImportRow,
    Product,
    Stock,
    StockMovement,
    Store,
    Variant,
)
from merchants.rules.importing import ImportState
from merchants.rules.product import ProductState
from merchants.rules.stock import Reason
from merchants.services.import_apply import OF_PRODUCT, OF_VARIANT, as_they_are
from merchants.services.import_check import values_for
from merchants.services.import_options import put_options_back
from merchants.services.importing import commit_batch, finish
from merchants.services.level import lock_stock
from merchants.services.product import index_products
from merchants.services.stock import change_stock
from merchants.signals import product_changed

BATCH = 200


def undo(batch: Import) -> None:
    """Take out what is still in, and hand the import back to people."""
    while rows := list(
        batch.rows.filter(applied=True)
        .select_related("product", "variant")
        .order_by("-number")[:BATCH]
    ):
        commit_batch(batch, partial(_undo, batch, rows), cursor=batch.cursor + len(rows))
    finish(batch, ImportState.UNDONE, finished_at=timezone.now())


def _undo(batch: Import, found: Sequence[ImportRow]) -> None:
    rows = as_they_are(batch, found)
    products = {row.product_id: row.product for row in rows if row.product}
    lock_stock(pk for pk in products if pk)
    for row in rows:
        row.product = products.get(row.product_id)  # several rows write the same product
        if row.seen:
            try:
                with transaction.atomic():
                    _put_back(batch, row)
            except IntegrityError:
                continue  # what was there before no longer fits: it stays as it is
    _unmake(batch, [row.variant_id for row in rows if row.variant_id and not row.seen])
    put_options_back(rows)
    batch.rows.filter(pk__in=[row.pk for row in rows]).update(applied=False)
    made = {row.product_id for row in rows if row.product_id and row.before.get("made")}
    empty = Product.objects.filter(~Exists(Variant.objects.filter(product=OuterRef("pk"))))
    _drop(list(empty.filter(pk__in=made).values_list("pk", flat=True)))
    index_products(Product.objects.filter(pk__in=[pk for pk in products if pk]))


def _unmake(batch: Import, variants: Sequence[int]) -> None:
    """Delete variants that only this import has booked; retire those in use by now."""
    try:
        with transaction.atomic():
            StockMovement.objects.filter(
                stock__variant__in=variants, reference=batch.reference
            ).delete()  # another's movement protects the stock, and so the variant
            Stock.objects.filter(variant__in=variants).delete()
            Variant.whole.filter(pk__in=variants).delete()
    except (ProtectedError, IntegrityError):
        if len(variants) == 1:
            _retire(batch, Variant.whole.get(pk=variants[0]))
            return
        for variant in variants:
            _unmake(batch, [variant])


def _retire(batch: Import, variant: Variant) -> None:
    """Book back what the import counted, as far as it is there and free; archive what is empty."""
    booked = StockMovement.objects.filter(stock__variant=variant, reference=batch.reference)
    sums = booked.order_by().values_list("stock__store").annotate(pieces=Sum("delta"))
    for store in Store.objects.filter(pk__in=(counted := dict(sums))):
        free = Stock.objects.get(variant=variant, store=store).available
        _book_back(batch, variant, store, -min(counted[store.pk], free))
    if not _lies_somewhere(variant):
        Variant.whole.filter(pk=variant.pk).update(archived=True)


def _lies_somewhere(variant: Variant) -> bool:
    return Stock.objects.filter(variant=variant, on_hand__gt=0).exists()


def _drop(products: Sequence[int]) -> None:
    try:
        with transaction.atomic():
            Product.objects.filter(pk__in=[pk for pk in products if pk]).delete()
    except (ProtectedError, IntegrityError):
        if len(products) > 1:
            for pk in products:
                _drop([pk])
            return
        for product in Product.objects.filter(pk__in=[pk for pk in products if pk]):
            Product.objects.filter(pk=product.pk).update(state=ProductState.ARCHIVED.value)
            product_changed.state(product=product)


def _put_back(batch: Import, row: ImportRow) -> None:
    product, variant = row.product, row.variant
    if product is None or variant is None:
        return
    before, goods = dict[str, Any](row.before), dict(row.goods)
    if "options" in goods:
        goods["values"] = values_for(product, goods["options"])
    for name in OF_PRODUCT:
        if name in before and getattr(product, name) == goods.get(name):
            setattr(product, name, before[name])
    if "category" in before:
        product.category_id = before["category"]
    for name, field in OF_VARIANT.items():
        key = f"variant.{field}"
        if key in before and getattr(variant, field) in (goods.get(name), None):
            setattr(variant, field, before[key])
    if before.get("stock") and batch.store is not None:
        _book_back(batch, variant, batch.store, -before["stock"])
    if before.get("variant.archived") and not _lies_somewhere(variant):
        variant.archived = True
    product.version += 1
    product.save()
    variant.save()
    product_changed.state(product=product)


def _book_back(batch: Import, variant: Variant, store: Store, delta: int) -> None:
    try:
        change_stock(
            variant=variant,
            store=store,
            delta=delta,
            reason=Reason.COUNTED,
            by=batch.by,
            reference=batch.reference,
        )
    except RuleBroken:
        return  # sold meanwhile: what is gone cannot be counted away
