"""What is fetched from the shelves and packed: the pick list, and a slip for every parcel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from merchants.models import Reservation, Staff, Store, Variant
from orders.models import Line, Order
from orders.rules.line import GIVES_STOCK_BACK, PARTLY_SHIPPED, LineState
from orders.rules.pick import in_sequence, shelf_of
from orders.selectors.order import order_list, seen_by

MOST = 200  # orders at once
TO_PACK = Q(state__in=[LineState.PAID, PARTLY_SHIPPED])


@dataclass
class Packing:
    """Orders in the order in which they are packed; `more` wait beside them.

    `kept` are those that were asked for and stay: their money is asked back.
    """

    orders: list[Order]
    kept: list[Order]
    more: int = 0


@dataclass
class Pick:
    """One thing to fetch; `for_orders` are (place of the order in the list, pieces)."""

    variant: Variant
    for_orders: list[tuple[int, int]] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        return sum(count for _place, count in self.for_orders)


@dataclass
class Shelf:
    """Things that lie beside each other. Without a `name` they are of one `category`."""

    name: str
    category: str
    picks: list[Pick] = field(default_factory=list)


@dataclass
class Round:
    """What is fetched in one store."""

    store: Store
    shelves: list[Shelf] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        return sum(pick.quantity for shelf in self.shelves for pick in shelf.picks)


def packing(staff: Staff, numbers: Sequence[str], query: Mapping[str, str]) -> Packing:
    """The orders with these numbers; without any, those that the list shows to be packed."""
    if numbers:
        wanted = [one for one in numbers[:MOST] if one.isalnum()]
        # What is not paid, or came to nothing, is packed by nobody.
        found = seen_by(staff).filter(number__in=wanted, paid_at__isnull=False).order_by("pk")
        found = found.exclude(state__in=GIVES_STOCK_BACK)
        more = max(0, len(numbers) - MOST)
    else:
        tab = query.get("tab", "")
        tab = tab if tab in {"to_ship", "ready"} else "to_ship"
        found = order_list(staff, {**query, "tab": tab}).filter(TO_PACK)
        more = max(0, found.count() - MOST)
    orders = list(_with_lines(found)[:MOST])
    stays = [order for order in orders if order.waits_for_refund]
    return Packing([order for order in orders if order not in stays], stays, more)


def _with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    plain = orders.select_related("merchant", "store").prefetch_related(None)
    return plain.prefetch_related("lines__variant", "refunds")


def rounds(orders: Sequence[Order]) -> list[Round]:
    """The pieces that these orders hold, by store, shelf and place. Two queries."""
    places = {order.number: place for place, order in enumerate(orders, 1)}
    here = {(order.number, line.variant_id) for order in orders for line in order.to_pack}
    held = Reservation.objects.filter(reference__in=places, closed_at__isnull=True)
    held = held.filter(merchant__in={order.merchant_id for order in orders})
    held = held.select_related("stock__store", "stock__variant__product__category")
    by_store: dict[Store, dict[Variant, Pick]] = {}
    for one in sorted(held, key=lambda one: places[one.reference]):
        variant = one.stock.variant
        if (one.reference, variant.pk) not in here:
            continue
        picks = by_store.setdefault(one.stock.store, {})
        pick = picks.setdefault(variant, Pick(variant))
        pick.for_orders.append((places[one.reference], one.quantity))
    stores = sorted(by_store, key=lambda store: (store.position, store.pk))
    return [Round(store, _shelves(by_store[store].values())) for store in stores]


def _shelves(picks: Iterable[Pick]) -> list[Shelf]:
    """Named shelves as one walks along them, then what lies nowhere in particular."""
    found: dict[tuple[str, str], Shelf] = {}
    for pick in sorted(picks, key=_way):
        name = shelf_of(pick.variant.shelf_place)
        category = pick.variant.product.category
        kind = "" if name or category is None else category.name
        shelf = found.setdefault((name.casefold(), kind), Shelf(name, kind))
        shelf.picks.append(pick)
    return list(found.values())


def _way(pick: Pick) -> tuple[object, ...]:
    variant = pick.variant
    category = variant.product.category
    return (
        not variant.shelf_place,
        in_sequence(shelf_of(variant.shelf_place)),
        in_sequence(variant.shelf_place),
        (category.position, category.pk) if category else (1 << 15, 0),
        str(variant),
    )


def lines_of_slip(order: Order) -> list[Line]:
    """What goes into this parcel; of an order that has gone, what was in it."""
    return order.to_pack or [line for line in order.lines.all() if line.to_send]
