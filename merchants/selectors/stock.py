"""Where a basket can be had, what a code stands for, and what the ledger tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Lower, TruncDate

from merchants.models import Merchant, Reservation, Stock, StockMovement, Store, User, Variant
from merchants.rules.search import fold
from merchants.rules.stock import TILL, Reason, codes

# What a piece was sold for at the counter; older movements know only the price of today.
PRICE = Coalesce(F("unit_price"), F("stock__variant__price"))


@dataclass(frozen=True)
class Place:
    """A store that hands goods over, and what of a basket it has too few of: (variant, free)."""

    store: Store
    short: list[tuple[Variant, int]]


def lying(
    merchant: Merchant, variants: Iterable[int], held: Mapping[tuple[int, int], int] | None = None
) -> dict[tuple[int, int], int]:
    """{(store id, variant id): pieces free there}, with those that are `held` for this purchase
    already. One query."""
    wanted = set(variants)
    rows = Stock.objects.filter(variant__in=wanted, variant__merchant=merchant)
    free = {(row.store_id, row.variant_id): row.available for row in rows}
    for place, pieces in (held or {}).items():
        if place[1] in wanted:
            free[place] = free.get(place, 0) + pieces
    return free


def pickup_places(
    merchant: Merchant,
    basket: Mapping[int, int],
    goods: Iterable[Variant] | None = None,
    free: Mapping[tuple[int, int], int] | None = None,
) -> list[Place]:
    """Every store where customers may collect, in order. Three queries for any number of them; one
    for whoever knows the `goods` of the basket and what is `free` of them, as `lying` tells.
    """
    stores = merchant.stores.filter(pickup=True)
    if goods is None:
        goods = merchant.variants.select_related("product").filter(pk__in=basket)
    variants = sorted(goods, key=lambda one: (one.position, one.pk))
    free = lying(merchant, basket) if free is None else free
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


def held_pieces(merchant: Merchant, references: Iterable[str]) -> dict[tuple[int, int], int]:
    """{(store id, variant id): pieces held under these references}. No reference, no query."""
    wanted = list(references)
    if not wanted:
        return {}
    held = Reservation.objects.filter(merchant=merchant, reference__in=wanted, closed_at=None)
    rows = held.order_by().values_list("stock__store", "stock__variant").annotate(n=Sum("quantity"))
    return {(store, variant): n for store, variant, n in rows}


def free_pieces(
    merchant: Merchant, variants: Iterable[int], store: Store | None = None
) -> dict[int, int]:
    """{variant id: pieces free over all stores, or at one}; a variant of somebody else is not in
    it."""
    there = Q() if store is None else Q(stock__store=store)
    rows = merchant.variants.filter(pk__in=list(variants)).annotate(
        free=Sum(F("stock__on_hand") - F("stock__reserved"), filter=there, default=0)
    )
    return dict(rows.values_list("pk", "free"))


def find_variant(merchant: Merchant, typed: str) -> Variant | None:
    """What a scanned barcode or a typed SKU stands for; the barcode goes first."""
    likely = codes(typed)
    rows = merchant.variants.select_related("product")
    by_code = {one.barcode: one for one in rows.filter(barcode__in=likely)} if likely else {}
    for code in likely:
        if code in by_code:
            return by_code[code]
    lower = {code.lower() for code in likely}
    return rows.alias(folded=Lower("sku")).filter(folded__in=lower).first() if lower else None


def found_goods(
    merchant: Merchant, words: str, store: Store | None, most: int = 12
) -> list[Variant]:
    """Variants whose product matches the words, with what lies in the store (`with_store`)."""
    folded = fold(words)
    if not folded:
        return []
    products = merchant.products.matching(folded, merchant).order_by("name", "pk")[:most]
    rows = merchant.variants.filter(product__in=list(products)).select_related("product")
    return list(with_store(rows.order_by("product__name", "position", "pk"), store)[: most * 2])


def with_store(variants: QuerySet[Variant], store: Store | None) -> QuerySet[Any]:
    """Add what lies in one store: `here` pieces, `held` of them, `free` the rest."""
    stock = Stock.objects.filter(variant=OuterRef("pk"), store=store)
    return variants.annotate(
        here=Coalesce(Subquery(stock.values("on_hand")), 0),
        held=Coalesce(Subquery(stock.values("reserved")), 0),
    ).annotate(free=F("here") - F("held"))


@dataclass(frozen=True)
class TillLine:
    """What was sold of one thing to one customer, less what came back."""

    reference: str
    variant: Variant
    sold: int
    at: datetime
    free: int  # in the store, now
    price: int  # of a piece, when it was sold
    amount: int

    @property
    def key(self) -> str:
        """The line's own part of the reference."""
        return self.reference.partition(" ")[2]


def till_lines(
    store: Store, by: User, since: datetime, most: int | None = None, reference: str = ""
) -> list[TillLine]:
    """This clerk's counter sales in this store, the latest first; `most` of them."""
    moves = _till(store, by, since)
    if reference:
        moves = moves.filter(reference=reference)
    groups = list(
        moves.values("reference", "stock__variant")
        .annotate(net=-Sum("delta"), amount=-Sum(F("delta") * PRICE), price=Max(PRICE))
        .annotate(last=Max("at"), newest=Max("pk"))
        .order_by("-newest")[:most]
    )
    rows = Variant.whole.filter(pk__in={group["stock__variant"] for group in groups})
    variants = with_store(rows.select_related("product"), store).in_bulk()
    return [_till_line(group, variants[group["stock__variant"]]) for group in groups]


def _till_line(group: Mapping[str, Any], variant: Any) -> TillLine:
    return TillLine(
        reference=group["reference"],
        variant=variant,
        sold=group["net"],
        at=group["last"],
        free=variant.free,
        price=group["price"],
        amount=group["amount"],
    )


def till_total(store: Store, by: User, since: datetime) -> dict[str, int]:
    """Pieces and money of this clerk's till since then: one query."""
    found = _till(store, by, since).aggregate(
        pieces=Coalesce(-Sum("delta"), 0),
        amount=Coalesce(-Sum(F("delta") * PRICE), 0),
        lines=Count("reference", distinct=True),
    )
    return {name: int(value) for name, value in found.items()}


def _till(store: Store, by: User, since: datetime) -> QuerySet[StockMovement]:
    till = Q(reason__in=[Reason.COUNTER_SALE.value, Reason.RETURNED.value])
    return StockMovement.objects.filter(
        till, stock__store=store, by=by, at__gte=since, reference__startswith=f"{TILL} "
    ).order_by()


def ledger(variant: Variant, stores: Iterable[Store], reason: str = "") -> QuerySet[StockMovement]:
    """The movements of one variant in these stores, the latest first."""
    rows = StockMovement.objects.filter(stock__variant=variant, stock__store__in=list(stores))
    if reason:
        rows = rows.filter(reason=reason)
    return rows.select_related("stock__store", "by").order_by("-pk")


def with_balance(moves: Sequence[StockMovement]) -> list[StockMovement]:
    """Add `balance`: what lay in that store after each of these movements. One query."""
    before = (
        StockMovement.objects.filter(stock=OuterRef("stock"), pk__lte=OuterRef("pk"))
        .order_by()
        .values("stock")
        .annotate(sum=Sum("delta"))
        .values("sum")
    )
    rows = StockMovement.objects.filter(pk__in=[move.pk for move in moves])
    sums = dict(rows.order_by().annotate(balance=Subquery(before)).values_list("pk", "balance"))
    for move in moves:
        move.balance = sums[move.pk]  # type: ignore[attr-defined]
    return list(moves)


def changes_by_day(variant: Variant, stores: Iterable[Store], since: datetime) -> dict[date, int]:
    """{day: sum of the movements}; days on which nothing moved are not in it."""
    rows = ledger(variant, stores).filter(at__gte=since).order_by()
    days = rows.annotate(day=TruncDate("at")).values("day").annotate(sum=Sum("delta"))
    return dict(days.values_list("day", "sum"))
