"""What a room looks like right now: state, card, offers, prices, stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zlib import crc32

from django.db.models import F, Prefetch, QuerySet, Sum
from django.utils import timezone

from livestream.models import Drop, FlashSale, Room, ShelfItem
from livestream.rules.draw import commitment
from livestream.rules.price import Kind, Offer, offer, price_in_room
from livestream.selectors.draw import draw_event, newest
from livestream.selectors.flash import ROOM_NOW, announced, flash_event, running
from livestream.selectors.picture import picture_of
from merchants.models import Photo, Product, Variant
from merchants.pictures import photo_url
from merchants.rules.product import ProductState
from merchants.selectors.product import lowest_price
from orders.selectors.coupon import chip_texts, gift_text


@dataclass(frozen=True)
class Card:
    """One shelf item as a shopper sees it. Prices in minor units, the lowest that can be bought."""

    item: ShelfItem
    product: Product
    photo: Photo | None
    price: int
    was: int | None
    left: int
    several: bool
    dearer: bool
    low: bool
    on_now: bool

    @property
    def is_deal(self) -> bool:
        return self.was is not None

    @property
    def on_sale(self) -> bool:
        return self.product.state == ProductState.ON_SALE


def on_shelf(room: Room) -> QuerySet[ShelfItem]:
    """What a shopper finds on the shelf, in order: only what is on sale."""
    items = room.items.filter(product__state=ProductState.ON_SALE)
    return items.order_by("position", "pk")


def shelf(room: Room, *, whole: bool = False, as_live: bool = False) -> list[Card]:
    """The shelf in order; `whole` with what is not on sale, for who arranges it; `as_live` at the
    prices of the show although it has not begun.

    Four queries, however long it is.
    """
    variants = Variant.objects.annotate(
        left=Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
    )
    items = room.items.order_by("position", "pk") if whole else on_shelf(room)
    items = items.select_related("product").prefetch_related(
        "product__photos", Prefetch("product__variants", variants)
    )
    current = room.spotlights.filter(closed_at__isnull=True).values_list("item_id", flat=True)
    on_now = current.first()
    return [_card(room, item, on_now == item.pk, as_live) for item in items]


def staffed_shelf(room: Room, *, whole: bool = False) -> list[Card]:
    """The shelf as its clerks see it: at the prices of the show also before it begins."""
    return shelf(room, whole=whole, as_live=not room.is_over)


def shelf_mark(room: Room, cards: Iterable[Card]) -> str:
    """The same as long as a console shows the same shelf: a long one is not written again then."""
    seen = [
        (
            *(one.item.pk, one.product.name, one.photo and one.photo.pk, one.price, one.was),
            *(one.left, one.low, one.on_now),
        )
        for one in cards
    ]
    return f"{crc32(repr((room.state, seen)).encode()):08x}"


def card(room: Room, item: ShelfItem) -> Card | None:
    """One item's card; None if it is not on sale any more."""
    return next((one for one in shelf(room) if one.item.pk == item.pk), None)


def card_event(one: Card) -> dict[str, Any]:
    """A card as browsers get it. Prices in minor units; the client writes them as money."""
    return {
        "item": one.item.pk,
        "product": one.product.public_id,
        "name": one.product.name,
        "picture": photo_url(one.photo and one.photo.thumb),
        "price": one.price,
        "was": one.was,
        "left": one.left,
        "several": one.several,
        "dearer": one.dearer,
        "low": one.low,
    }


def drop_event(drop: Drop) -> dict[str, Any]:
    """An offer as browsers get it. Amounts in minor units."""
    coupon = drop.coupon
    return {
        "id": drop.public_id,
        "name": coupon.name,
        "amount": coupon.amount,
        "worth": chip_texts(coupon, coupon.merchant.currency),
        "gift": gift_text(coupon),
        "threshold": coupon.threshold,
        "issued": coupon.issued,
        "claimed": coupon.claimed,
        "ends_at": drop.ends_at,
        "opened_at": drop.opened_at,
        "fair": drop.gathers,
        "promise": commitment(drop.seed) if drop.fair else "",
        "seed": drop.seed if drop.allotted_at else "",
    }


def _card(room: Room, item: ShelfItem, on_now: bool, as_live: bool) -> Card:
    variants: list[Any] = list(item.product.variants.all())  # each with `left`
    kinds = [Kind(v.price, v.compare_at, v.left, v.low_stock) for v in variants]
    live_price = item.live_price if room.is_on_air or as_live else None
    shown = offer(kinds, live_price=live_price)
    photos = list(item.product.photos.all())
    return Card(
        item=item,
        product=item.product,
        photo=photos[0] if photos else None,
        price=shown.price,
        was=shown.was,
        left=shown.left,
        several=shown.several,
        dearer=shown.dearer,
        low=shown.low,
        on_now=on_now,
    )


def item_offer(room: Room, item: ShelfItem, kinds: list[Kind]) -> Offer:
    """What a card says about an item of this room now."""
    return offer(kinds, live_price=item.live_price if room.is_on_air else None)


def live_prices(room: Room, flash: Mapping[int, FlashSale] | None = None) -> dict[int, int]:
    """{variant id: price} of everything that is cheaper in this room now.

    `flash` are the sales that run, for whoever has looked them up.
    """
    if not room.is_on_air:
        return {}
    rows = (
        Variant.objects.filter(
            product__shelf_items__room=room, product__shelf_items__live_price__isnull=False
        )
        .annotate(cheapest=lowest_price("product"))
        .values_list("pk", "price", "cheapest", "product__shelf_items__live_price")
    )
    prices = {
        pk: price_in_room(price, cheapest=cheapest, live_price=live)
        for pk, price, cheapest, live in rows
    }
    return with_flash(prices, running(room, timezone.now()) if flash is None else flash)


def with_flash(prices: Mapping[int, int], sales: Mapping[int, FlashSale]) -> dict[int, int]:
    """These prices of the room, or those of the sales that run where they are lower: whoever buys
    pays the lower of the two, whichever way she comes."""
    lower = {pk: min(sale.price, prices.get(pk, sale.price)) for pk, sale in sales.items()}
    return {**prices, **lower}


def goods_in(
    room: Room, variants: Iterable[int], sales: Mapping[int, FlashSale] = MappingProxyType({})
) -> tuple[set[int], dict[int, int]]:
    """Which of these variants a shopper finds on the shelf, and {variant id: price} of those that
    are cheaper in the room, flash sales aside. One query, which tells what the room is now as well.

    No query if all are in `sales` that run (`running`): in a rush everybody is after the same.
    """
    wanted = set(variants)
    if sales and wanted <= set(sales):
        on_sale = ProductState.ON_SALE
        there = {pk for pk in wanted if sales[pk].variant.product.state == on_sale}
        return there, _beside(sales, wanted) if room.is_on_air else {}
    now_of = [f"product__shelf_items__room__{name}" for name in ROOM_NOW]
    rows = (
        Variant.objects.filter(pk__in=wanted, product__shelf_items__room=room)
        .annotate(
            cheapest=lowest_price("product"),
            live=F("product__shelf_items__live_price"),
        )
        .values_list("pk", "price", "cheapest", "live", "product__state", *now_of)
    )
    own: set[int] = set()
    prices: dict[int, int] = {}
    found = list(rows)
    for pk, price, cheapest, live, state, *now in found:
        for name, value in zip(ROOM_NOW, now, strict=True):
            setattr(room, name, value)
        if state == ProductState.ON_SALE:
            own.add(pk)
        if live is not None:
            prices[pk] = price_in_room(price, cheapest=cheapest, live_price=live)
    if not found:
        room.refresh_from_db(fields=list(ROOM_NOW))
    return own, prices if room.is_on_air else {}


def _beside(sales: Mapping[int, FlashSale], wanted: Iterable[int]) -> dict[int, int]:
    """The room's prices of what is in sales that run, if they were none."""
    found: dict[int, Any] = {pk: sales[pk] for pk in wanted}  # each with `cheapest`
    return {
        pk: price_in_room(sale.variant.price, cheapest=sale.cheapest, live_price=live)
        for pk, sale in found.items()
        if (live := sale.item.live_price) is not None
    }


def open_drops(room: Room) -> list[Drop]:
    """The offers that can be claimed now, the newest first."""
    now = timezone.now()
    drops = room.drops.select_related("coupon__merchant", "coupon__gift__product").filter(
        withdrawn_at__isnull=True, opened_at__lte=now, ends_at__gt=now
    )
    return list(drops)


def kinds_of(variant_ids: Iterable[int]) -> dict[int, list[Kind]]:
    """{product id: all its variants} of the products of these variants: one query."""
    products = Variant.objects.filter(pk__in=list(variant_ids)).values("product")
    rows = Variant.objects.filter(product__in=products).annotate(
        left=Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
    )
    found: dict[int, list[Kind]] = {}
    for product, *kind in rows.values_list("product", "price", "compare_at", "left", "low_stock"):
        found.setdefault(product, []).append(Kind(*kind))
    return found


def snapshot(room: Room) -> dict[str, Any]:
    """What a newly opened socket needs to catch up: everything but the chat."""
    room.refresh_from_db()
    spotlight = room.spotlights.filter(closed_at__isnull=True).select_related("item").first()
    shown = card(room, spotlight.item) if spotlight else None
    return {
        "type": "room.state",
        "state": room.shown_state,
        "likes": room.likes,
        "pinned": room.pinned,
        "muted": room.muted,
        "slow": room.slow_seconds,
        "holds": room.holds_chat,
        "host": room.host_name,
        "card": card_event(shown) if shown else None,
        "drops": [drop_event(drop) for drop in open_drops(room)],
        "flash": [flash_event(sale) for sale in announced(room, timezone.now())],
        "draw": draw_event(draw) if (draw := newest(room)) else None,
        "picture": picture_of(room),
        "now": timezone.now().isoformat(),
    }
