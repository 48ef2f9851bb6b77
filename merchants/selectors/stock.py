"""Where a basket can be had: in all, and store by store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Sum

from merchants.models import Merchant, Stock, Store, Variant


@dataclass(frozen=True)
class Place:
    """A store that hands goods over, and what of a basket it has too few of: (variant, free)."""

    store: Store
    short: list[tuple[Variant, int]]


def pickup_places(merchant: Merchant, basket: Mapping[int, int]) -> list[Place]:
    """Every store where customers may collect, in order. Three queries for any number of them."""
    stores = merchant.stores.filter(pickup=True)
    variants = list(merchant.variants.select_related("product").filter(pk__in=basket))
    free = {
        (row.store_id, row.variant_id): row.available
        for row in Stock.objects.filter(variant__in=variants, store__in=stores)
    }
    return [
        Place(
            store,
            [
                (one, free.get((store.pk, one.pk), 0))
                for one in variants
                if free.get((store.pk, one.pk), 0) < basket[one.pk]
            ],
        )
        for store in stores
    ]


def free_pieces(merchant: Merchant, variants: Iterable[int]) -> dict[int, int]:
    """{variant id: pieces free over all stores}; a variant of somebody else is not in it."""
    rows = merchant.variants.filter(pk__in=list(variants)).annotate(
        free=Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
    )
    return dict(rows.values_list("pk", "free"))
