"""What goods cost in a room. Pure; amounts in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 1


@dataclass(frozen=True)
class Kind:
    """One variant: what it costs in the shop, what it cost before, how many are free."""

    price: int
    compare_at: int | None
    left: int
    low_stock: int = 0  # from so many on the shop is told that it runs out


@dataclass(frozen=True)
class Offer:
    """A product as a card shows it: the cheapest variant that can be bought."""

    price: int
    was: int | None
    left: int  # all variants together
    several: bool
    dearer: bool  # there are others that cost more: the price is a "from"
    low: bool  # few are left: worth saying how many


def price_in_room(price: int, *, cheapest: int, live_price: int | None) -> int:
    """The price of a variant of a product whose cheapest variant costs `live_price` in the room.

    Every other variant is cheaper by the same amount: at 168 and 388 with a live price of 138 the
    larger one costs 358. Never dearer than in the shop, and never free.
    """
    if live_price is None:
        return price
    return min(price, max(LEAST, price - (cheapest - live_price)))


def offer(kinds: Sequence[Kind], *, live_price: int | None) -> Offer:
    """What to say about a product. With everything sold out it is the price that it had."""
    lowest = min(kind.price for kind in kinds)
    buyable = [kind for kind in kinds if kind.left > 0] or list(kinds)
    cheapest = min(buyable, key=lambda kind: kind.price)
    price = price_in_room(cheapest.price, cheapest=lowest, live_price=live_price)
    left = sum(kind.left for kind in kinds)
    return Offer(
        price=price,
        was=cheapest.price if price < cheapest.price else cheapest.compare_at,
        left=left,
        several=len(kinds) > 1,
        dearer=any(kind.price > cheapest.price for kind in buyable),
        low=0 < left <= max(kind.low_stock for kind in kinds),
    )
