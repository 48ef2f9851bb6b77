"""The verbs of the shelf and of the spotlight."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from livestream import broadcast
from livestream.errors import ForeignProduct, FullShelf, NotOnAir
from livestream.models import Room, ShelfItem, Spotlight
from livestream.rules.room import SHELF_LIMIT
from livestream.selectors.room import card, card_event
from merchants.models import Product
from merchants.rules.product import ProductState


@transaction.atomic
def fill_shelf(*, room: Room, products: Sequence[Product]) -> None:
    """Make the shelf hold just these products, in this order; notes of those that stay remain.

    Raises ForeignProduct for a product of another merchant or one that is not on sale.
    """
    if len(products) > SHELF_LIMIT:
        raise FullShelf
    for product in products:
        if product.merchant_id != room.merchant_id or product.state != ProductState.ON_SALE:
            raise ForeignProduct
    room.items.exclude(product__in=products).delete()
    for position, product in enumerate(products, start=1):
        ShelfItem.objects.update_or_create(
            room=room, product=product, defaults={"position": position}
        )
    broadcast.shelf_changed(room)


@transaction.atomic
def add_to_shelf(*, room: Room, product: Product) -> ShelfItem:
    """Put one more product last. Raises ForeignProduct or FullShelf."""
    if product.merchant_id != room.merchant_id or product.state != ProductState.ON_SALE:
        raise ForeignProduct
    if room.items.count() >= SHELF_LIMIT:
        raise FullShelf
    last = room.items.aggregate(last=Max("position"))["last"] or 0
    item, _made = ShelfItem.objects.get_or_create(
        room=room, product=product, defaults={"position": last + 1}
    )
    broadcast.shelf_changed(room)
    return item


@transaction.atomic
def move_item(*, item: ShelfItem, up: bool) -> None:
    """Swap an item with its neighbour; at the edge nothing happens."""
    items = list(item.room.items.order_by("position", "pk"))
    place = next(index for index, other in enumerate(items) if other.pk == item.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(items):
        return
    items[place], items[other] = items[other], items[place]
    for position, moved in enumerate(items, start=1):
        moved.position = position
    ShelfItem.objects.bulk_update(items, ["position"])
    broadcast.shelf_changed(item.room)


@transaction.atomic
def set_item(*, item: ShelfItem, live_price: int | None, notes: str) -> ShelfItem:
    """The price while on air (minor units; None: the list price) and the talking points."""
    item.live_price = live_price
    item.notes = notes
    item.save(update_fields=["live_price", "notes"])
    broadcast.shelf_changed(item.room)
    return item


@transaction.atomic
def remove_item(*, item: ShelfItem) -> None:
    """Take a product off the shelf. Its spotlights go with it."""
    room = item.room
    item.delete()
    broadcast.shelf_changed(room)


@transaction.atomic
def show_item(*, room: Room, item: ShelfItem) -> Spotlight:
    """Explain this item now: its card is pinned in every viewer's room. Raises NotOnAir."""
    now = timezone.now()
    fresh = Room.objects.select_for_update().get(pk=room.pk)
    if not fresh.is_on_air:
        raise NotOnAir
    current = room.spotlights.filter(closed_at__isnull=True).first()
    if current is not None and current.item_id == item.pk:
        return current
    room.spotlights.filter(closed_at__isnull=True).update(closed_at=now)
    spotlight = Spotlight.objects.create(room=room, item=item, opened_at=now)
    broadcast.pinned(room, card_event(card(room, item)))
    return spotlight


@transaction.atomic
def show_next(*, room: Room) -> Spotlight | None:
    """Done with this one: explain the next item of the shelf; after the last, nothing."""
    current = room.spotlights.filter(closed_at__isnull=True).select_related("item").first()
    items = list(room.items.order_by("position", "pk"))
    after = [item for item in items if current is None or item.position > current.item.position]
    if after:
        return show_item(room=room, item=after[0])
    hide_item(room=room)
    return None


@transaction.atomic
def hide_item(*, room: Room) -> None:
    """Nothing is being explained."""
    closed = room.spotlights.filter(closed_at__isnull=True).update(closed_at=timezone.now())
    if closed:
        broadcast.pinned(room, None)
