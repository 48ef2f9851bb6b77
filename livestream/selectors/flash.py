"""Flash sales of a room as it shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from livestream.models import FlashSale, Room, ShelfItem
from livestream.rules.flash import HEARD, FlashState, state_at
from merchants.selectors.product import lowest_price

ROOM_NOW = ("state", "scheduled_at", "pinned")  # what may have changed since it was looked up


def announced(room: Room, now: datetime) -> QuerySet[FlashSale]:
    """Those that warm up or run, the next to end first."""
    rows = room.flash_sales.filter(closed_at=None, ends_at__gt=now)
    return rows.select_related("variant__product", "item").order_by("ends_at")


def running(room: Room, now: datetime) -> dict[int, FlashSale]:
    """{variant id: sale} of those whose price holds now, each with the price of the `cheapest` of
    its product. If there is any, `room` is what it is now in what ROOM_NOW names."""
    rows = list(
        announced(room, now)
        .filter(starts_at__lte=now)
        .annotate(
            cheapest=lowest_price("variant__product"),
            **{f"room_{name}": F(f"room__{name}") for name in ROOM_NOW},
        )
    )
    for name in ROOM_NOW if rows else ():
        setattr(room, name, getattr(rows[0], f"room_{name}"))
    return {sale.variant_id: sale for sale in rows if sale.left > 0}


def turns_at(room: Room, item: ShelfItem, now: datetime) -> datetime | None:
    """When the price of this product changes next because a flash sale begins or ends."""
    rows = announced(room, now).filter(item=item)
    turns = [sale.starts_at if sale.starts_at > now else sale.ends_at for sale in rows]
    return min(turns, default=None)


def state_of(sale: FlashSale, now: datetime) -> FlashState:
    """What a sale is at this moment."""
    return state_at(
        now,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
        closed_at=sale.closed_at,
        left=sale.left,
    )


def overdue(now: datetime) -> QuerySet[FlashSale]:
    """Those whose time is up and whose rest has not gone back; where the first to pay gets it, not
    before the last payments were heard of."""
    over = Q(ends_at__lte=now, pay_first=False) | Q(ends_at__lte=now - HEARD)
    rows = FlashSale.objects.filter(over, closed_at=None)
    return rows.select_related("room__merchant", "variant")


def flash_event(sale: FlashSale) -> dict[str, Any]:
    """A sale as browsers get it. Prices in minor units; when it opens is for the server to say."""
    return {
        "id": sale.public_id,
        "item": sale.item_id,
        "variant": sale.variant_id,
        "name": str(sale.variant),
        "price": sale.price,
        "was": sale.variant.price,
        "quota": sale.quota,
        "left": sale.left,
        "most": sale.per_buyer,
        "pay_first": sale.pay_first,
        "starts_at": sale.starts_at,
        "ends_at": sale.ends_at,
    }
