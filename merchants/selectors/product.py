"""The inventory list and the shop's shelf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from merchants.models import Merchant, Photo, Product, Stock, Variant
from merchants.rules.product import ProductState
from merchants.rules.search import fold

SORTS = {"new": "-pk", "name": "name", "stock": "left", "price": "price"}
LISTED = ~Q(state=ProductState.ARCHIVED)
LOW = Q(state=ProductState.ON_SALE, left__gt=0, left__lte=F("low_line"))
OUT = Q(state=ProductState.ON_SALE, left__lte=0)


def with_numbers(products: QuerySet[Product]) -> QuerySet[Any]:
    """Add `left` (free pieces over all stores), `price` (the lowest), `thumb` (a file name)."""
    stock = (
        Stock.objects.filter(variant__product=OuterRef("pk"))
        .order_by()
        .values("variant__product")
        .annotate(free=Sum(F("on_hand") - F("reserved")))
        .values("free")
    )
    lowest = Variant.objects.filter(product=OuterRef("pk")).order_by()
    first = Photo.objects.filter(product=OuterRef("pk")).order_by("position", "pk")
    return products.annotate(
        left=Coalesce(Subquery(stock), 0),
        price=Subquery(lowest.values("product").annotate(low=Min("price")).values("low")),
        low_line=Subquery(lowest.values("product").annotate(low=Min("low_stock")).values("low")),
        thumb=Subquery(first.values("thumb")[:1]),
    )


def product_list(merchant: Merchant, query: Mapping[str, str]) -> QuerySet[Product]:
    """The inventory, filtered by `q`, `category`, `state`, `stock` and sorted by `sort`."""
    products = merchant.products.matching(fold(query.get("q", "")))
    state = query.get("state", "")
    if state in set(ProductState):
        products = products.filter(state=state)
    elif state != "all":
        products = products.filter(LISTED)
    if query.get("category", "").isdigit():
        products = products.filter(category=int(query["category"]))
    found = with_numbers(products).select_related("category")
    if query.get("stock") == "low":
        found = found.filter(LOW)
    elif query.get("stock") == "out":
        found = found.filter(OUT)
    found = found.prefetch_related("variants")
    return found.order_by(SORTS.get(query.get("sort", ""), "left"), "pk")


def product_counts(merchant: Merchant) -> dict[str, int]:
    """How many products stand behind each tab of the inventory: one query."""
    return with_numbers(merchant.products.all()).aggregate(
        listed=Count("pk", filter=LISTED),
        on_sale=Count("pk", filter=Q(state=ProductState.ON_SALE)),
        low=Count("pk", filter=LOW),
        out=Count("pk", filter=OUT),
        draft=Count("pk", filter=Q(state=ProductState.DRAFT)),
        archived=Count("pk", filter=Q(state=ProductState.ARCHIVED)),
    )


def shop_shelf(merchant: Merchant, words: str = "") -> QuerySet[Product]:
    """What a shopper sees in the shop, newest first; with `words`, what matches them."""
    found = with_offer(merchant.products.on_sale().matching(fold(words)))
    return found.select_related("category")


def with_offer(products: QuerySet[Product]) -> QuerySet[Any]:
    """Add to the numbers what a shopper reads: `offer`, the lowest price that can be bought,
    `dearest` that can be bought (None: nothing can), and `kinds`, how many variants there are.
    """
    buyable = (
        Variant.objects.filter(product=OuterRef("pk"))
        .annotate(free=Sum(F("stock__on_hand") - F("stock__reserved"), default=0))
        .filter(free__gt=0)
    )
    kinds = Variant.objects.filter(product=OuterRef("pk")).order_by().values("product")
    return with_numbers(products).annotate(
        offer=Coalesce(Subquery(buyable.order_by("price").values("price")[:1]), F("price")),
        dearest=Subquery(buyable.order_by("-price").values("price")[:1]),
        kinds=Subquery(kinds.annotate(count=Count("pk")).values("count")),
    )


def variants_with_stock(product: Product) -> QuerySet[Variant]:
    """A product's variants with `left`, the free pieces over all stores."""
    return product.variants.annotate(
        left=Coalesce(Sum(F("stock__on_hand") - F("stock__reserved")), 0)
    )
