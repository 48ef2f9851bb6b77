"""What goods cost in a room. Pure; amounts in minor units."""

from __future__ import annotations

LEAST = 1


def price_in_room(price: int, *, cheapest: int, live_price: int | None) -> int:
    """The price of a variant of a product whose cheapest variant costs `live_price` in the room.

    Every other variant is cheaper by the same amount: at 168 and 388 with a live price of 138 the
    larger one costs 358. Never dearer than in the shop, and never free.
    """
    if live_price is None:
        return price
    return min(price, max(LEAST, price - (cheapest - live_price)))
