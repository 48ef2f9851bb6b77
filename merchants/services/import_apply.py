"""Brings the good rows of a checked sheet into the shop, a batch at a time.

Everything of a batch is read, made and changed with a handful of queries. If the constraints refuse
it (somebody took a SKU since the check), its rows are tried one by one: only the bad ones stay out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.errors import OutOfStock, RuleBroken
from merchants.models import Category, Import, ImportRow, Product, ProductWords, Variant
from merchants.rules.column import Column
from merchants.rules.importing import TO_APPLY, ImportState, Outcome
from merchants.rules.product import ProductState
from merchants.rules.search import haystack, pinyin
from merchants.rules.stock import Reason
from merchants.services.import_check import tally, values_for
from merchants.services.import_options import keep_options, options_of, settle_options
from merchants.services.importing import commit_batch, finish
from merchants.services.level import lock_stock
from merchants.services.product import index_products
from merchants.services.stock import change_stock, receive_new
from merchants.signals import product_changed

BATCH = 500
OF_PRODUCT = ("name", "description", "state")
OF_VARIANT = {  # what it is called in a row -> in the shop
    "spec": "name",
    **{name: name for name in ("sku", "barcode", "price", "compare_at", "low_stock")},
    **{name: name for name in ("shelf_place", "weight")},
    "values": "options",
}


def apply(batch: Import) -> None:
    """Bring in what is still to be brought in, and hand the import back to people."""
    todo = batch.rows.filter(outcome__in=TO_APPLY, applied=False)
    while True:
        rows = list(todo.filter(number__gt=batch.cursor).order_by("number")[:BATCH])
        if not rows:
            break
        commit_batch(batch, partial(_apply, batch, rows), cursor=rows[-1].number)
    finish(batch, ImportState.DONE, finished_at=timezone.now(), **tally(batch))


def as_they_are(batch: Import, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """The rows with their products and variants as they are now, locked until the batch is done."""
    products = [row.product_id for row in rows if row.product_id]
    variants = [row.variant_id for row in rows if row.variant_id]
    list(Product.objects.select_for_update().filter(pk__in=products).order_by("pk"))
    list(Variant.whole.select_for_update().filter(pk__in=variants).order_by("pk"))
    found = batch.rows.filter(pk__in=[row.pk for row in rows])
    ordered = {row.pk: row for row in found.select_related("product__category", "variant")}
    return [ordered[row.pk] for row in rows]


def _apply(batch: Import, found: Sequence[ImportRow]) -> None:
    rows = as_they_are(batch, found)
    try:
        with transaction.atomic():
            _write(batch, rows)
    except (IntegrityError, RuleBroken):
        for row in rows:
            _apply_alone(batch, row)


def _apply_alone(batch: Import, row: ImportRow) -> None:
    fresh = batch.rows.select_related("product__category", "variant").get(pk=row.pk)
    try:
        with transaction.atomic():
            _write(batch, [fresh])
    except (IntegrityError, RuleBroken) as refusal:
        reserved = isinstance(refusal, OutOfStock)
        trouble = (Column.STOCK, "reserved") if reserved else (Column.SKU, "taken_since")
        problems = [*fresh.problems, [trouble[0].value, trouble[1], True, {}]]
        batch.rows.filter(pk=row.pk).update(
            outcome=Outcome.BAD.value, problems=problems, troubled=True
        )


def _write(batch: Import, rows: Sequence[ImportRow]) -> None:
    lock_stock({row.product_id for row in rows if row.product_id})
    categories = _categories(batch, rows)
    fresh = [row for row in rows if row.variant_id is None]
    known = [row for row in rows if row.variant_id is not None]
    made = _make_products(batch, fresh, categories)
    known_ids = {row.product_id for row in rows if row.product_id} - made
    chosen_by = options_of(known_ids)
    _make_variants(batch, fresh)
    _change(batch, known, categories)
    settle_options(rows)
    index_products(Product.objects.filter(pk__in=known_ids))
    keep_options(rows, chosen_by)
    for row in rows:
        row.applied = True
    ImportRow.objects.bulk_create(  # an upsert: one statement where bulk_update builds a CASE a row
        rows,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["applied", "product", "variant", "before"],
    )
    for product in {row.product for row in known if row.product}:
        product_changed.state(product=product)


def _categories(batch: Import, rows: Sequence[ImportRow]) -> dict[str, Category]:
    names = {row.goods["category"] for row in rows if row.goods.get("category")}
    found = {one.name: one for one in batch.merchant.categories.filter(name__in=names)}
    for name in sorted(names - found.keys()):
        found[name] = Category.objects.create(merchant=batch.merchant, name=name)
    return found


def _make_products(
    batch: Import, rows: Sequence[ImportRow], categories: dict[str, Category]
) -> set[int]:
    """Every row its product: an older one, one that an earlier row of its group made, or a new.

    The keys of the new ones.
    """
    groups = {row.group for row in rows if row.group}
    earlier = batch.rows.filter(group__in=groups, applied=True, product__isnull=False)
    made = {row.group: row.product for row in earlier.select_related("product")}
    fresh: list[Product] = []
    for row in rows:
        if row.product_id is None:
            row.product = made.get(row.group) if row.group else None
        if row.product is None:
            row.product = _product(batch, row.goods, categories)
            fresh.append(row.product)
            row.before = {"made": True}
            if row.group:
                made[row.group] = row.product
    kept: dict[int, list[ImportRow]] = {}
    for row in rows:
        kept.setdefault(id(row.product), []).append(row)
    for product in fresh:
        product.price_from = min(row.goods["price"] for row in kept[id(product)])
    Product.objects.bulk_create(fresh, batch_size=500)
    ProductWords.objects.bulk_create(
        [_found_by(batch, product, kept[id(product)]) for product in fresh], batch_size=500
    )
    for row in rows:
        row.product = row.product  # the key is known only now
    return {product.pk for product in fresh}


def _found_by(batch: Import, product: Product, rows: Sequence[ImportRow]) -> ProductWords:
    words = [word for row in rows for word in _words(batch, row)]
    text = haystack(product.name, pinyin(product.name), *words)
    return ProductWords(product=product, merchant=batch.merchant, text=text)


def _words(batch: Import, row: ImportRow) -> list[str]:
    return [row.goods.get("spec", ""), _sku(batch, row), row.goods.get("barcode", "")]


def _sku(batch: Import, row: ImportRow) -> str:
    return row.goods.get("sku") or f"SP{batch.pk}-{row.number:03}"


def _product(batch: Import, goods: dict[str, Any], categories: dict[str, Category]) -> Product:
    return Product(
        merchant=batch.merchant,
        name=goods["name"],
        description=goods.get("description", ""),
        category=categories.get(goods.get("category", "")),
        state=goods.get("state", ProductState.ON_SALE.value),
    )


def _make_variants(batch: Import, rows: Sequence[ImportRow]) -> None:
    for row in rows:
        row.variant = _variant(batch, row)
    variants = [row.variant for row in rows if row.variant]
    Variant.objects.bulk_create(variants, batch_size=500)
    for row in rows:
        row.variant = row.variant
    if batch.store:
        pieces = {
            row.variant: int(row.goods["stock"])
            for row in rows
            if row.variant and row.goods.get("stock")
        }
        receive_new(pieces=pieces, store=batch.store, by=batch.by, reference=batch.reference)


def _variant(batch: Import, row: ImportRow) -> Variant:
    goods = row.goods
    return Variant(
        merchant=batch.merchant,
        product=row.product,
        name=goods.get("spec", ""),
        sku=_sku(batch, row),
        barcode=goods.get("barcode", ""),
        price=goods["price"],
        compare_at=goods.get("compare_at"),
        low_stock=goods.get("low_stock", 5),
        shelf_place=goods.get("shelf_place", ""),
        weight=goods.get("weight"),
        options=values_for(row.product, goods.get("options", ())) if row.product else [],
        position=min(row.number, 32_767),
    )


def _change(batch: Import, rows: Sequence[ImportRow], categories: dict[str, Category]) -> None:
    """Write what the sheet says over what was there, and keep what was there."""
    products: dict[int, Product] = {}
    for row in rows:
        product, variant = row.product, row.variant
        if product is None or variant is None:
            continue
        product = products.setdefault(product.pk, product)
        row.before = _overwrite(row, product, variant, categories)
    Product.objects.bulk_update(
        products.values(), [*OF_PRODUCT, "category", "version"], batch_size=100
    )
    variants = [row.variant for row in rows if row.variant]
    Variant.whole.bulk_update(variants, [*OF_VARIANT.values(), "archived"], batch_size=100)
    for row in rows:
        _count(batch, row)


def _overwrite(
    row: ImportRow, product: Product, variant: Variant, categories: dict[str, Category]
) -> dict[str, Any]:
    goods, before = dict(row.goods), dict[str, Any]()
    if "options" in goods:
        goods["values"] = values_for(product, goods["options"])
    for name in OF_PRODUCT:
        if name in goods and goods[name] != getattr(product, name):
            before[name] = getattr(product, name)
            setattr(product, name, goods[name])
    category = categories.get(goods.get("category", ""))
    if category is not None and category.pk != product.category_id:
        before["category"] = product.category_id
        product.category = category
    for name, field in OF_VARIANT.items():
        if name in goods and goods[name] != getattr(variant, field):
            before[f"variant.{field}"] = getattr(variant, field)
            setattr(variant, field, goods[name])
    if variant.compare_at is not None and variant.compare_at <= variant.price:
        before.setdefault("variant.compare_at", variant.compare_at)
        variant.compare_at = None  # a price before is higher than the price now
    if variant.archived:
        before["variant.archived"] = True
        variant.archived = False
    product.version += bool(before)
    return before


def _count(batch: Import, row: ImportRow) -> None:
    """Book the difference that the check showed: what was sold since then stays sold."""
    if batch.store is None or row.variant is None or row.goods.get("stock") is None:
        return
    delta = row.goods["stock"] - row.seen.get("on_hand", 0)
    if delta:
        change_stock(
            variant=row.variant,
            store=batch.store,
            delta=delta,
            reason=Reason.COUNTED,
            by=batch.by,
            reference=batch.reference,
        )
        row.before["stock"] = delta
