"""Which rooms may be handed on."""

from __future__ import annotations

from django.db.models import QuerySet

from livestream.models import Room, ShelfItem
from livestream.rules.room import ON_AIR
from merchants.models import Product


def shareable(room: Room) -> bool:
    """Whether its address answers a shopper."""
    return Room.objects.public().filter(pk=room.pk).exists()


def shown_in(product: Product) -> QuerySet[ShelfItem]:
    """Its place on the shelf of each show that is on or announced, the next one first."""
    rooms = Room.objects.filter(state__in=ON_AIR) | Room.objects.waiting()
    items = product.shelf_items.filter(room__in=rooms).select_related("room")
    return items.order_by("room__starts_at", "pk")
