"""What the product page sends, as a person typed it."""

from __future__ import annotations

from django.urls import reverse

from merchants.models import Product


def at(name, *args, shop="tea"):
    return reverse(f"merchants:{name}", args=[shop, *args])


def row(**changes):
    """One typed specification, as the browser sends it."""
    return {
        "id": "",
        "name": "",
        "sku": "NEW-1",
        "barcode": "",
        "price": "138",
        "compare_at": "",
        "low_stock": "5",
        "opening": "",
    } | changes


def typed(*rows, **words):
    data = {"name": "Keemun", "description": "", "category": "", "state": "on_sale", "version": ""}
    data |= {"variants-TOTAL_FORMS": len(rows), "variants-INITIAL_FORMS": 0}
    for number, one in enumerate(rows):
        data |= {f"variants-{number}-{name}": value for name, value in one.items()}
    return data | words


def of(product: Product, **changes):
    """What the edit page would send back unchanged, but for `changes` of the first variant."""
    variant = product.variants.get()
    one = row(id=variant.pk, sku=variant.sku, price="168", low_stock=variant.low_stock) | changes
    words = {"name": product.name, "version": product.version, "variants-INITIAL_FORMS": 1}
    return typed(one, **words)
