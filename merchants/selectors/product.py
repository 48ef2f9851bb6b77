"""The inventory list and the shop's shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from merchants.models import (
    Category,
    Level,
    Merchant,
    Photo,
    Product,
    ProductWords,
    Staff,
    Stock,
    StockMovement,
    Store,
    Variant,
)
from merchants.rules.product import ProductState
from merchants.rules.repricing import Repricing
from merchants.rules.search import fold
from merchants.rules.stock import Reason
from merchants.selectors.store import serves_all

SORTS = {"stock": "free", "new": "-pk", "price": "price_from", "name": "name"}
LISTED = ~Q(state=ProductState.ARCHIVED)
ON_SALE = Q(state=ProductState.ON_SALE)
IS_LOW = Q(low__exact=Value(True))  # a bare boolean would pass the index over
LOW = ON_SALE & IS_LOW & Q(free__gt=0)
OUT = ON_SALE & Q(free__lte=0)
SOLD = (Reason.ORDER.value, Reason.COUNTER_SALE.value)
A_MONTH = timedelta(days=30)
SAMPLE = 8  # rows of a preview
MANY = 500  # ids that are handed over one by one; more cost more than reading the words again
MOST_AT_STORE = 1000  # then a tab says “1000+”


def with_numbers(
    products: QuerySet[Product], stores: Sequence[Store] | None = None
) -> QuerySet[Any]:
    """Add `left` (free pieces, in `stores` or over all), `price` (the lowest), `low_line`, `thumb`
    and `card` (names of files).
    """
    stock = (
        Stock.objects.filter(variant__product=OuterRef("pk"))
        .filter(Q() if stores is None else Q(store__in=stores))
        .order_by()
        .values("variant__product")
        .annotate(free=Sum(F("on_hand") - F("reserved")))
        .values("free")
    )
    variants = Variant.objects.filter(product=OuterRef("pk")).order_by()
    first = Photo.objects.filter(product=OuterRef("pk")).order_by("position", "pk")
    return products.annotate(
        left=Coalesce(Subquery(stock), 0),
        price=lowest_price("pk"),
        low_line=Subquery(variants.values("product").annotate(low=Min("low_stock")).values("low")),
        thumb=Subquery(first.values("thumb")[:1]),
        card=Subquery(first.values("card")[:1]),
    )


def lowest_price(product: str) -> Subquery:
    """The price of a product's cheapest variant, in a query in which `product` leads to it."""
    variants = Variant.objects.filter(product=OuterRef(product)).order_by().values("product")
    return Subquery(variants.annotate(low=Min("price")).values("low"))


def product_list(
    merchant: Merchant, query: Mapping[str, str], store: Store | None = None
) -> QuerySet[Product]:
    """The inventory in order: filtered by `q`, `category`, `state`, `stock`, sorted by `sort`.

    With a `store`, what has ever lain there. Filters and sorts by what services.level counted up,
    so that an index answers however much there is; `listed` gives the rows what they show.
    """
    found = _within(merchant, query.get("category", "")).filter(_said(merchant, query))
    state = query.get("state", "")
    if state in set(ProductState):
        found = found.filter(state=state)
    elif state != "all":
        found = found.filter(LISTED)
    free = "free" if store is None else "levels__free"
    asked = _left(query.get("stock", ""), free)
    if store is not None:
        asked &= Q(levels__store=store)  # in one filter: it is the same level that both speak of
    found = found.filter(asked)
    order = SORTS.get(query.get("sort", ""), "free")
    return found.order_by(free if order == "free" else order, "pk")


def _within(merchant: Merchant, key: str) -> QuerySet[Product]:
    """The goods of one category, if the key is one. Only by it, so that its index is taken."""
    if not (key.isascii() and key.isdecimal()):
        return merchant.products.all()
    category = merchant.categories.filter(pk=int(key[:18])).first()  # longer is no key
    return category.products.all() if category else merchant.products.none()


def _said(merchant: Merchant, query: Mapping[str, str]) -> Q:
    """What the words in the search field ask for.

    The goods of rare words are looked up once; words that more than MANY share are left to the
    database, which finds those soon.
    """
    folded = fold(query.get("q", ""))
    if not folded:
        return Q()
    words = ProductWords.objects.filter(merchant=merchant).matching(folded)
    keys = list(words.values_list("pk", flat=True)[: MANY + 1])
    return Q(pk__in=keys if len(keys) <= MANY else words.values("pk"))


def _left(asked: str, free: str) -> Q:
    """What a tab asks of the pieces left. What is low is so over all stores together."""
    if asked == "low":
        return ON_SALE & IS_LOW & Q(**{f"{free}__gt": 0})
    return ON_SALE & Q(**{f"{free}__lte": 0}) if asked == "out" else Q()


def listed(
    merchant: Merchant, page: Sequence[int], now: datetime, store: Store | None = None
) -> list[Product]:
    """The products of one page of the inventory, in its order, with their numbers as they are now.

    Added: `left` (free pieces, in `store` or all), `thumb`, `sold` in thirty days, and `place`: the
    store in which `left` may be put right, None where they are several or of several variants.
    Six queries.
    """
    rows = merchant.products.filter(pk__in=page).select_related("category")
    numbered = with_numbers(rows, None if store is None else [store])
    found = {one.pk: one for one in numbered.prefetch_related("variants__stock")}
    stores = {one.pk: one for one in ([store] if store else merchant.stores.all())}
    sold = dict(
        StockMovement.objects.filter(
            stock__variant__product__in=page, reason__in=SOLD, at__gte=now - A_MONTH
        )
        .filter(Q(stock__store=store) if store else Q())
        .order_by()
        .values("stock__variant__product")
        .annotate(sold=-Sum("delta"))
        .values_list("stock__variant__product", "sold")
    )
    for one in found.values():
        one.sold = sold.get(one.pk, 0)
        one.place = _place(one, stores)
    return [found[pk] for pk in page if pk in found]


def _place(product: Any, stores: Mapping[int, Store]) -> Store | None:
    """The one of `stores` where all pieces of the product's only variant lie, or would.

    None while some are held for orders: who counts the shelf counts those too, and the row shows
    only what is free.
    """
    variants = list(product.variants.all())
    if len(variants) != 1 or product.state == ProductState.ARCHIVED:
        return None
    stock = [one for one in variants[0].stock.all() if one.store_id in stores]
    if any(one.reserved for one in stock):
        return None
    lying = {one.store_id for one in stock}
    places = lying or stores.keys()
    return stores[next(iter(places))] if len(places) == 1 else None


def low_goods(staff: Staff, most: int = 20) -> list[Any]:
    """On sale, and a variant at its threshold or below: the emptiest first, with `left`.

    A clerk of some stores sees those that ever lay there, and how many of them lie there.
    """
    found = staff.merchant.products.filter(ON_SALE, IS_LOW)
    if serves_all(staff):
        return list(with_numbers(found).order_by("free", "pk")[:most])
    stores = list(staff.stores.all())
    hers = found.filter(Exists(Level.objects.filter(product=OuterRef("pk"), store__in=stores)))
    return list(with_numbers(hers, stores).order_by("left", "pk")[:most])


def product_counts(merchant: Merchant, store: Store | None = None) -> dict[str, int]:
    """How many products stand behind each tab of the inventory, each counted from an index.

    Of a `store`, as `product_list` finds them, and up to MOST_AT_STORE.
    """
    if store is not None:
        return _counts_at(merchant, store)
    by_state = merchant.products.order_by().values_list("state").annotate(count=Count("pk"))
    counts = dict.fromkeys(map(str, ProductState), 0) | dict(by_state)
    return counts | {
        "listed": sum(counts.values()) - counts[ProductState.ARCHIVED],
        "low": merchant.products.filter(LOW).count(),
        "out": merchant.products.filter(OUT).count(),
    }


def _counts_at(merchant: Merchant, store: Store) -> dict[str, int]:
    asked = {str(state): Q(state=state) for state in ProductState}
    asked |= {name: _left(name, "levels__free") for name in ("low", "out")} | {"listed": LISTED}
    return {
        name: merchant.products.filter(q & Q(levels__store=store))
        .order_by()[:MOST_AT_STORE]
        .count()
        for name, q in asked.items()
    }


def repriced(
    merchant: Merchant, products: Sequence[int], repricing: Repricing | None
) -> dict[str, Any]:
    """What a change of prices would do: the first variants `before`, and how many `changed`.

    `impossible` names variants that would cost nothing or a fortune: while there are any, nothing
    can be changed.
    """
    if repricing is None:
        return {"sample": [], "changed": 0, "impossible": []}
    variants = Variant.objects.filter(merchant=merchant, product__in=products)
    rows: list[tuple[Variant, int, int | None]] = []
    impossible, changed = [], 0
    for one in variants.select_related("product").order_by("product_id", "position").iterator():
        fresh = repricing.of(one.price)
        changed += fresh != one.price
        if fresh is None:
            impossible.append(one)
        elif len(rows) < SAMPLE:
            rows.append((one, fresh, repricing.before(one.price, one.compare_at)))
    return {"sample": rows, "changed": changed, "impossible": impossible[:SAMPLE]}


def shop_shelf(
    merchant: Merchant, words: str = "", category: Category | None = None
) -> QuerySet[Product]:
    """What a shopper sees in the shop, newest first; with `words`, what matches them."""
    found = with_offer(merchant.products.on_sale().matching(fold(words), merchant))
    if category:
        found = found.filter(category=category)
    return found.select_related("category")


def shop_categories(merchant: Merchant) -> list[Category]:
    """The headings under which something is on sale, in the merchant's order."""
    shown = Product.objects.on_sale().filter(category=OuterRef("pk"))
    return list(merchant.categories.filter(Exists(shown)))


def with_offer(products: QuerySet[Product]) -> QuerySet[Any]:
    """Add to the numbers what a shopper reads: `offer`, the lowest price that can be bought, `was`,
    what that cost before (or None), `dearest` that can be bought (None: nothing can), and `kinds`,
    how many variants there are.
    """
    buyable = (
        Variant.objects.filter(product=OuterRef("pk"))
        .annotate(free=Sum(F("stock__on_hand") - F("stock__reserved"), default=0))
        .filter(free__gt=0)
    )
    kinds = Variant.objects.filter(product=OuterRef("pk")).order_by().values("product")
    cheapest = buyable.order_by("price", F("compare_at").desc(nulls_last=True))
    return with_numbers(products).annotate(
        offer=Coalesce(Subquery(buyable.order_by("price").values("price")[:1]), F("price")),
        was=Subquery(cheapest.values("compare_at")[:1]),
        dearest=Subquery(buyable.order_by("-price").values("price")[:1]),
        kinds=Subquery(kinds.annotate(count=Count("pk")).values("count")),
    )


def variants_with_stock(product: Product) -> QuerySet[Variant]:
    """A product's variants with `left`, the free pieces over all stores, in the shop's order: a
    model's own ordering does not hold where rows are summed."""
    left = Coalesce(Sum(F("stock__on_hand") - F("stock__reserved")), 0)
    return product.variants.annotate(left=left).order_by("position", "pk")
