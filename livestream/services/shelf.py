"""The verbs of the shelf and of the spotlight."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from livestream import broadcast
from livestream.errors import (
    ForeignProduct,
    FullShelf,
    HasFlash,
    NotOnAir,
    ShelfClosed,
    UnderFlash,
)
from livestream.models import Room, ShelfItem, Spotlight
from livestream.rules.price import price_in_room
from livestream.rules.room import SHELF_LIMIT, SHELF_OPEN
from livestream.rules.runsheet import moved
from livestream.selectors.room import card, card_event, on_shelf
from merchants.models import Product
from merchants.rules.product import ProductState
from merchants.selectors.product import lowest_price


def _open_shelf(room: Room) -> None:
    """Nobody ends the room while its shelf changes. Raises ShelfClosed if it is over already."""
    rows = Room.objects.select_for_update(no_key=True).filter(pk=room.pk, state__in=SHELF_OPEN)
    if not rows.exists():
        raise ShelfClosed


def _take_off(items: QuerySet[ShelfItem], room: Room) -> None:
    if items.filter(flash_sales__isnull=False).exists():
        raise HasFlash
    shown = items.filter(spotlights__closed_at__isnull=True, spotlights__isnull=False).exists()
    items.delete()
    if shown:
        broadcast.pinned(room, None)


@transaction.atomic
def follow_product(*, product: Product) -> None:
    """Every room whose shelf is open shows the product as it is now.

    One that is not on sale any more leaves shelf and video; its place is kept, should it come back.
    """
    items = ShelfItem.objects.filter(product=product, room__state__in=SHELF_OPEN)
    for item in items.select_related("room"):
        _show_afresh(item)
        broadcast.shelf_changed(item.room)


def _show_afresh(item: ShelfItem) -> None:
    """The card in the video says what holds now, if it is this item's."""
    shown = item.spotlights.filter(closed_at__isnull=True)
    if not shown.exists():
        return
    one = card(item.room, item)
    if one is None:
        shown.update(closed_at=timezone.now())
    broadcast.pinned(item.room, card_event(one) if one else None)


@transaction.atomic
def fill_shelf(*, room: Room, products: Sequence[Product]) -> None:
    """Make the shelf hold just these products, in this order; notes of those that stay remain.

    Raises ForeignProduct for a product of another merchant or one that is not on sale, FullShelf,
    or ShelfClosed.
    """
    _open_shelf(room)
    if len(products) > SHELF_LIMIT:
        raise FullShelf
    for product in products:
        if product.merchant_id != room.merchant_id or product.state != ProductState.ON_SALE:
            raise ForeignProduct
    _take_off(room.items.exclude(product__in=products), room)
    for position, product in enumerate(products, start=1):
        ShelfItem.objects.update_or_create(
            room=room, product=product, defaults={"position": position}
        )
    broadcast.shelf_changed(room)


@transaction.atomic
def add_to_shelf(*, room: Room, product: Product) -> ShelfItem:
    """Put one more product last. Raises ForeignProduct, FullShelf or ShelfClosed."""
    _open_shelf(room)
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
def add_all_to_shelf(*, room: Room, products: Sequence[int]) -> tuple[int, int]:
    """Put those of the products (ids) that are on sale last, in the order of the ids.

    Returns (how many of them stand there now, how many are not on sale). Raises FullShelf, and puts
    none, or ShelfClosed.
    """
    _open_shelf(room)
    found = Product.objects.on_sale().filter(merchant=room.merchant_id, pk__in=products)
    on_sale = list(found.order_by("pk"))
    there = set(room.items.values_list("product_id", flat=True))
    fresh = [one for one in on_sale if one.pk not in there]
    if len(there) + len(fresh) > SHELF_LIMIT:
        raise FullShelf
    last = room.items.aggregate(last=Max("position"))["last"] or 0
    ShelfItem.objects.bulk_create(
        ShelfItem(room=room, product=one, position=place)
        for place, one in enumerate(fresh, start=last + 1)
    )
    if fresh:
        broadcast.shelf_changed(room)
    return len(on_sale), len(products) - len(on_sale)


@transaction.atomic
def move_item(*, item: ShelfItem, up: bool) -> None:
    """Swap an item with its neighbour; at the edge nothing happens. Raises ShelfClosed."""
    _open_shelf(item.room)
    items = list(item.room.items.order_by("position", "pk"))
    place = next(index for index, other in enumerate(items) if other.pk == item.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(items):
        return
    items[place], items[other] = items[other], items[place]
    _number(items)
    broadcast.shelf_changed(item.room)


@transaction.atomic
def place_item(*, item: ShelfItem, before: int | None) -> None:
    """Put an item before the one with this id, or last. Raises ShelfClosed."""
    _open_shelf(item.room)
    items = {one.pk: one for one in item.room.items.order_by("position", "pk")}
    _number([items[pk] for pk in moved(list(items), item.pk, before)])
    broadcast.shelf_changed(item.room)


def _number(items: Sequence[ShelfItem]) -> None:
    """Write the places of those that do not stand where they should."""
    astray = []
    for position, one in enumerate(items, start=1):
        if one.position != position:
            one.position = position
            astray.append(one)
    ShelfItem.objects.bulk_update(astray, ["position"], batch_size=100)


@transaction.atomic
def set_item(
    *,
    item: ShelfItem,
    live_price: int | None,
    notes: str,
    objection: str = "",
    minutes: int | None = None,
) -> ShelfItem:
    """The price of the cheapest variant while on air (minor units; None: the list price), and what
    the prompter shows: talking points, one objection with its answer, planned minutes.

    Raises ShelfClosed, or UnderFlash.
    """
    _open_shelf(item.room)
    _above_flash(item, live_price)
    item.live_price = live_price
    item.notes = notes
    item.objection = objection
    item.minutes = minutes
    item.save(update_fields=["live_price", "notes", "objection", "minutes"])
    _show_afresh(item)
    broadcast.shelf_changed(item.room)
    return item


def _above_flash(item: ShelfItem, live_price: int | None) -> None:
    """No flash sale is undercut: its card would name a price that is not the lowest. The room is
    locked, as it is while one is announced. Raises UnderFlash."""
    before = ShelfItem.objects.values_list("live_price", flat=True).get(pk=item.pk)
    if live_price in {None, before}:  # none, or as it is: she saves something else
        return
    to_come = item.flash_sales.filter(closed_at=None, ends_at__gt=timezone.now())
    for sale in to_come.select_related("variant").annotate(low=lowest_price("variant__product")):
        asked = price_in_room(sale.variant.price, cheapest=sale.low, live_price=live_price)
        if asked <= sale.price:
            raise UnderFlash


@transaction.atomic
def remove_item(*, item: ShelfItem) -> None:
    """Take a product off the shelf, and off the video. Its spotlights go with it.

    Raises ShelfClosed.
    """
    room = item.room
    _open_shelf(room)
    _take_off(room.items.filter(pk=item.pk), room)
    broadcast.shelf_changed(room)


@transaction.atomic
def show_item(*, room: Room, item: ShelfItem) -> Spotlight:
    """Explain this item now: its card is pinned in every viewer's room.

    Raises NotOnAir, or ForeignProduct for what is not on sale any more.
    """
    now = timezone.now()
    fresh = Room.objects.select_for_update(no_key=True).get(pk=room.pk)
    if not fresh.is_on_air:
        raise NotOnAir
    shown = card(room, item)
    if shown is None:
        raise ForeignProduct
    current = room.spotlights.filter(closed_at__isnull=True).first()
    if current is not None and current.item_id == item.pk:
        return current
    room.spotlights.filter(closed_at__isnull=True).update(closed_at=now)
    spotlight = Spotlight.objects.create(room=room, item=item, opened_at=now)
    broadcast.pinned(room, card_event(shown))
    return spotlight


@transaction.atomic
def show_next(*, room: Room, seen: int | None = None) -> Spotlight | None:
    """Done with this one: explain the next item of the shelf; after the last, nothing.

    `seen` is the item that was on when the button was pressed, 0 for nothing. If a colleague or an
    earlier press was faster, nothing changes: on a slow line no item is skipped.
    """
    current = room.spotlights.filter(closed_at__isnull=True).select_related("item").first()
    if seen is not None and seen != (current.item_id if current else 0):
        return current
    after = [
        item for item in on_shelf(room) if current is None or item.position > current.item.position
    ]
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
