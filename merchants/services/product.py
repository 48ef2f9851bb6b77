"""The verbs of products and their variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from merchants.errors import RuleBroken, StaleVersion, Taken
from merchants.models import Category, Merchant, Product, Variant
from merchants.rules.product import ProductState
from merchants.rules.search import haystack
from merchants.signals import product_changed


class NoVariant(RuleBroken):
    code = "no_variant"
    status = 422


@dataclass(frozen=True)
class VariantData:
    """One variant as typed. `id` is None for a new one; prices are in minor units."""

    name: str
    sku: str
    price: int
    barcode: str = ""
    compare_at: int | None = None
    low_stock: int = 5
    id: int | None = None


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
) -> Product:
    """Create a product, or change `product` if it is still at `version`.

    Variants left out of `variants` stay: what was ever sold cannot be unmade.
    Raises StaleVersion if somebody else saved first, Taken for a SKU or barcode in use.
    """
    if not variants:
        raise NoVariant(_("A product needs at least one specification with a price."))
    if product is None:
        product = Product(merchant=merchant)
    else:
        _lock(product, version)
    product.name = name
    product.description = description
    product.category = category
    product.state = state.value
    product.save()
    for position, data in enumerate(variants):
        _save_variant(product, data, position)
    index_product(product)
    product_changed.state(product=product)
    return product


def _lock(product: Product, version: int | None) -> None:
    if version is None:
        raise StaleVersion
    moved = Product.objects.filter(pk=product.pk, version=version).update(version=F("version") + 1)
    if not moved:
        raise StaleVersion
    product.refresh_from_db()


def _save_variant(product: Product, data: VariantData, position: int) -> None:
    variant = Variant(product=product, merchant=product.merchant)
    if data.id is not None:
        known = product.variants.filter(pk=data.id).first()
        if known is None:
            raise NoVariant(_("This specification is not part of the product."))
        variant = known
    variant.name = data.name
    variant.sku = data.sku
    variant.barcode = data.barcode
    variant.price = data.price
    variant.compare_at = data.compare_at
    variant.low_stock = data.low_stock
    variant.position = position
    try:
        with transaction.atomic():
            variant.save()
    except IntegrityError as trouble:
        raise Taken(
            _("SKU %(sku)s or its barcode is already used by another product.") % {"sku": data.sku}
        ) from trouble


def index_product(product: Product) -> None:
    """Refresh the text in which search looks."""
    words = [product.name]
    for variant in product.variants.all():
        words += [variant.name, variant.sku, variant.barcode]
    product.search = haystack(*words)
    product.save(update_fields=["search"])
