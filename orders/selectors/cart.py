"""A cart, shaped like its screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet, Sum

from merchants.models import Merchant, Photo, Variant
from merchants.rules.product import ProductState
from merchants.selectors.stock import free_pieces
from orders.models import CartItem

MOST_SHOPS = 20


@dataclass(frozen=True)
class CartLine:
    """One variant in a cart as it can be bought now. Amounts in minor units."""

    variant: Variant
    quantity: int
    price: int
    free: int
    sold_here: bool

    @property
    def amount(self) -> int:
        return self.quantity * self.price

    @property
    def less(self) -> int:
        return self.quantity - 1

    @property
    def more(self) -> int:
        return self.quantity + 1

    @property
    def fits(self) -> bool:
        """It can be ordered as it is."""
        return self.sold_here and self.quantity <= self.free


@dataclass(frozen=True)
class Cart:
    lines: Sequence[CartLine]

    @property
    def goods(self) -> int:
        """What the lines cost that can be ordered."""
        return sum(line.amount for line in self.lines if line.fits)

    @property
    def fitting(self) -> list[CartLine]:
        return [line for line in self.lines if line.fits]

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)


def cart_of(merchant: Merchant, device: UUID, live_prices: Mapping[int, int] | None = None) -> Cart:
    """What lies in this device's cart at this shop, priced as of now. Three queries.

    `live_prices` is {variant id: price} of the room it is looked at from.
    """
    rows = list(_items(device).filter(merchant=merchant))
    free = free_pieces(merchant, [item.variant_id for item in rows])
    return _cart(rows, free, live_prices or {})


def _items(device: UUID) -> QuerySet[CartItem]:
    photos = Prefetch("variant__product__photos", Photo.objects.order_by("position", "pk"))
    items = CartItem.objects.filter(device=device).order_by("pk")
    return items.select_related("merchant", "variant__product").prefetch_related(photos)


def _cart(rows: Iterable[CartItem], free: Mapping[int, int], prices: Mapping[int, int]) -> Cart:
    return Cart(
        [
            CartLine(
                variant=item.variant,
                quantity=item.quantity,
                price=min(item.variant.price, prices.get(item.variant_id, item.variant.price)),
                free=max(free.get(item.variant_id, 0), 0),
                sold_here=item.variant_id in free
                and item.variant.product.state == ProductState.ON_SALE,
            )
            for item in rows
        ]
    )


def carts_of(device: UUID) -> list[tuple[Merchant, Cart]]:
    """Every shop at which this device has something in its cart, the last used first. Three
    queries, however many shops."""
    shops: dict[Merchant, list[CartItem]] = defaultdict(list)
    for item in _items(device):
        shops[item.merchant].append(item)
    last = sorted(shops, key=lambda shop: max(one.at for one in shops[shop]), reverse=True)
    wanted = [item.variant_id for items in shops.values() for item in items]
    rows = Variant.objects.filter(pk__in=wanted).annotate(
        free=Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
    )
    free = dict(rows.values_list("pk", "free"))
    return [(shop, _cart(shops[shop], free, {})) for shop in last[:MOST_SHOPS]]


def pieces_in_cart(merchant: Merchant, device: UUID | None) -> int:
    """How many pieces lie in it: the number on the button."""
    if device is None:
        return 0
    items = CartItem.objects.filter(merchant=merchant, device=device)
    return items.aggregate(n=Sum("quantity", default=0))["n"]
