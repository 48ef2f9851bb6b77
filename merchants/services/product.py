"""The verbs of products and their variants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError, prefetch_related_objects
from django.utils.text import slugify
from django.utils.translation import gettext as _

from merchants.errors import Nowhere, RuleBroken, StaleVersion, Taken
from merchants.models import (
    Category,
    Merchant,
    Product,
    ProductWords,
    Stock,
    Store,
    User,
    Variant,
)
from merchants.rules.option import JOINT, Option
from merchants.rules.product import ProductState
from merchants.rules.search import haystack, pinyin
from merchants.rules.stock import Reason
from merchants.services.level import mark_stale
from merchants.services.stock import change_stock
from merchants.signals import product_changed


class NoVariant(RuleBroken):
    code = "no_variant"
    status = 422


@dataclass(frozen=True)
class VariantData:
    """One variant as typed. `id` is None for a new one; prices are in minor units.

    An empty `sku` is made up; `opening` pieces of a new one are booked in.
    """

    name: str
    sku: str
    price: int
    barcode: str = ""
    compare_at: int | None = None
    low_stock: int = 5
    id: int | None = None
    opening: int = 0
    weight: int | None = None  # grams
    shelf_place: str = ""
    options: tuple[str, ...] = ()


class StillThere(RuleBroken):
    code = "still_there"


@transaction.atomic
def save_product(
    *,
    merchant: Merchant,
    name: str,
    variants: Sequence[VariantData],
    description: str = "",
    category: Category | None = None,
    state: ProductState = ProductState.ON_SALE,
    product: Product | None = None,
    version: int | None = None,
    gone: Collection[int] = (),
    by: User | None = None,
    store: Store | None = None,
    options: Sequence[Option] | None = None,
) -> Product:
    """Create a product, or change `product` if it is still at `version`.

    `options` of None stay as they are. Variants left out of `variants` stay; those whose ids are
    `gone` are taken out. Opening stock is booked by `by` into `store` in the same transaction.
    Raises StaleVersion if somebody else saved first, Taken for a SKU or barcode in use, StillThere
    for a variant that cannot go, Nowhere for opening stock without a store.
    """
    if not variants:
        raise NoVariant(_("A product needs at least one specification with a price."))
    if product is None:
        product = Product(merchant=merchant)
    else:
        _lock(product, version)
    words = {"name": name, "description": description, "category": category, "state": state.value}
    _write_words(product, words, options)
    for variant in product.variants.filter(pk__in=gone):
        _take_out(variant)
    _let_go_of_codes(product, variants)
    for position, data in enumerate(variants):
        variant = _save_variant(product, data, position)
        if data.opening and data.id is None:
            _open_stock(variant, store, data.opening, by)
    index_products([product])
    product_changed.state(product=product)
    return product


def _write_words(
    product: Product, words: Mapping[str, object], options: Sequence[Option] | None
) -> None:
    """What it is called and how it is chosen."""
    for field, word in words.items():
        setattr(product, field, word)
    if options is not None:
        product.options = [[name, list(values)] for name, values in options]
    product.save()


def _lock(product: Product, version: int | None) -> None:
    if version is None:
        raise StaleVersion
    moved = Product.objects.filter(pk=product.pk, version=version).update(version=F("version") + 1)
    if not moved:
        raise StaleVersion
    product.refresh_from_db()


def _let_go_of_codes(product: Product, variants: Sequence[VariantData]) -> None:
    """Free the SKUs and barcodes that change, so that two variants may exchange theirs."""
    now = {one.pk: (one.sku, one.barcode) for one in product.variants.all()}
    for data in variants:
        if data.id in now and data.sku and now[data.id] != (data.sku, data.barcode):
            Variant.objects.filter(pk=data.id).update(sku=f"~{data.id}", barcode="")


def _save_variant(product: Product, data: VariantData, position: int) -> Variant:
    variant = Variant(product=product, merchant=product.merchant)
    if data.id is not None:
        known = product.variants.filter(pk=data.id).first()
        if known is None:
            raise NoVariant(_("This specification is not part of the product."))
        variant = known
    variant.name = data.name
    variant.barcode = data.barcode
    variant.price = data.price
    variant.compare_at = data.compare_at
    variant.low_stock = data.low_stock
    variant.weight = data.weight
    variant.shelf_place = data.shelf_place
    variant.options = list(data.options)
    variant.position = position
    for sku in [data.sku] if data.sku else _free_skus(product):
        variant.sku = sku
        if _saved(variant):
            return variant
    raise Taken(
        _("SKU %(sku)s or its barcode is already used by another product.") % {"sku": variant.sku}
    )


def _saved(variant: Variant) -> bool:
    """Whether the constraints let it stand."""
    try:
        with transaction.atomic():
            variant.save()
    except IntegrityError:
        return False
    return True


def _free_skus(product: Product) -> list[str]:
    """SKUs to try for a variant without one: the name in Latin letters, or SP, and a number."""
    stem = slugify(product.name).upper()[:12].strip("-") or "SP"
    first = Variant.whole.filter(merchant=product.merchant).count() + 1
    return [f"{stem}-{number:03}" for number in range(first, first + 50)]


def _open_stock(variant: Variant, store: Store | None, pieces: int, by: User | None) -> None:
    if store is None:
        raise Nowhere
    change_stock(variant=variant, store=store, delta=pieces, reason=Reason.RECEIVED, by=by)


def _take_out(variant: Variant) -> None:
    """Unmake a variant that nobody ever booked or bought; archive one that is used up."""
    try:
        with transaction.atomic():
            variant.delete()
    except ProtectedError as trouble:
        stock = Stock.objects.select_for_update().filter(variant=variant)
        if any(place.on_hand for place in stock):
            raise StillThere(
                _("There are still pieces of “%(name)s”. Write them off, then take it out.")
                % {"name": variant.name or variant.sku}
            ) from trouble
        Variant.objects.filter(pk=variant.pk).update(archived=True)


def index_products(products: Iterable[Product]) -> None:
    """Refresh the text in which search looks, and what lists sort by: prices at once, stock soon.

    Whoever makes, changes or takes out a variant calls it, in the transaction that locks them.
    """
    found = list(products)
    prefetch_related_objects(found, "variants")
    for product in found:
        product.price_from = min((one.price for one in product.variants.all()), default=0)
        if not _options_hold(product):
            product.options = []  # a sheet named the variants otherwise: they are chosen by name
    Product.objects.bulk_update(found, ["price_from", "options"], batch_size=100)
    ProductWords.objects.bulk_create(
        [_found_by(product) for product in found],
        batch_size=500,
        update_conflicts=True,
        update_fields=["text"],
        unique_fields=["product"],
    )
    mark_stale(found)


def _found_by(product: Product) -> ProductWords:
    """The words of a product whose variants are at hand."""
    variants = [(one.name, one.sku, one.barcode) for one in product.variants.all()]
    text = haystack(product.name, pinyin(product.name), *chain.from_iterable(variants))
    return ProductWords(product=product, merchant_id=product.merchant_id, text=text)


def _options_hold(product: Product) -> bool:
    """Whether every variant is still called by what it has of each option."""
    return all(JOINT.join(one.options) == one.name for one in product.variants.all())
