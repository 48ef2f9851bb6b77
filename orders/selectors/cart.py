"""A cart, shaped like its screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, Prefetch, Sum

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
    prices = live_prices or {}
    photos = Prefetch("variant__product__photos", Photo.objects.order_by("position", "pk"))
    items = CartItem.objects.filter(merchant=merchant, device=device)
    items = items.select_related("variant__product").prefetch_related(photos)
    rows = list(items)
    free = free_pieces(merchant, [item.variant_id for item in rows])
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
    """Every shop at which this device has something in its cart, the last used first."""
    rows = CartItem.objects.filter(device=device).values("merchant")
    shops = Merchant.objects.filter(pk__in=rows).annotate(last=Max("cart_items__at"))
    return [(shop, cart_of(shop, device)) for shop in shops.order_by("-last", "pk")[:MOST_SHOPS]]


def pieces_in_cart(merchant: Merchant, device: UUID | None) -> int:
    """How many pieces lie in it: the number on the button."""
    if device is None:
        return 0
    items = CartItem.objects.filter(merchant=merchant, device=device)
    return items.aggregate(n=Sum("quantity", default=0))["n"]
