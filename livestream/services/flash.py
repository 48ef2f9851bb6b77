"""The verbs of a flash sale: announce, buy from its quota, close.

The quota is put aside when the sale is announced, so what it promises is there; a purchase frees
its pieces from that reservation and holds them for its order in one transaction, and what is left
goes back to the shelf when the sale is over.

Several sales are locked by their variants, and before any stock: so nobody waits for each other.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from livestream import broadcast
from livestream.errors import (
    BadFlash,
    FlashLimit,
    FlashOver,
    FlashRunning,
    NotCheaper,
    NotOnAir,
    TooFewPieces,
)
from livestream.models import FlashPurchase, FlashSale, Room, ShelfItem
from livestream.rules.flash import LEAST_PRICE, window
from livestream.rules.price import price_in_room
from livestream.rules.room import ON_AIR
from livestream.selectors.flash import flash_event, overdue, running
from livestream.services.flash_first import alone, end_waits, look, wait_for_payment
from merchants.errors import OutOfStock
from merchants.models import Customer, Merchant, Store, Variant
from merchants.services.stock import lock_stock, release, release_part, reserve
from orders.models import Order
from orders.rules.line import GIVES_STOCK_BACK
from orders.services.order import Hold

logger = logging.getLogger(__name__)


@transaction.atomic
def announce_flash(
    *,
    room: Room,
    item: ShelfItem,
    variant: Variant,
    price: int,
    quota: int,
    per_buyer: int,
    warm_up: int,
    minutes: int,
    pay_first: bool = False,
) -> FlashSale:
    """Put `quota` pieces aside and tell the room: in `warm_up` seconds, for `minutes` minutes.

    `price` in minor units, below the shop's and the show's. With `pay_first` ordering takes
    nothing, and whoever pays first has it (services.flash_first). Raises NotOnAir, BadFlash,
    FlashRunning, or TooFewPieces.
    """
    now = timezone.now()
    # No key: an order that holds the stock which we want needs the room's key to be committed.
    rooms = Room.objects.select_for_update(no_key=True)
    if not rooms.filter(pk=room.pk, state__in=ON_AIR).exists():
        raise NotOnAir
    lasts = flash_window(
        room=room,
        item=item,
        variant=variant,
        price=price,
        quota=quota,
        per_buyer=per_buyer,
        warm_up=warm_up,
        minutes=minutes,
        now=now,
    )
    facts = {"room": room, "item": item, "variant": variant, "price": price, "quota": quota}
    try:
        with transaction.atomic():
            sale = FlashSale.objects.create(
                **facts,
                per_buyer=per_buyer,
                pay_first=pay_first,
                announced_at=now,
                starts_at=lasts[0],
                ends_at=lasts[1],
            )
    except IntegrityError as twice:
        raise FlashRunning from twice
    try:
        reserve(merchant=room.merchant, basket={variant.pk: quota}, reference=sale.reference)
    except OutOfStock as short:
        raise TooFewPieces from short
    broadcast.flash_changed(room, flash_event(sale))
    return sale


def flash_window(
    *,
    room: Room,
    item: ShelfItem,
    variant: Variant,
    price: int,
    quota: int,
    per_buyer: int,
    warm_up: int,
    minutes: int,
    now: datetime,
) -> tuple[datetime, datetime]:
    """(first, last moment) of a sale that is announced now. Raises BadFlash."""
    lasts = window(warm_up, minutes, now)
    fits = item.room_id == room.pk and variant.product_id == item.product_id
    if lasts is None or not fits or price < LEAST_PRICE or not 1 <= per_buyer <= quota:
        raise BadFlash
    if price >= _costs(item, variant):
        raise NotCheaper
    return lasts


def _costs(item: ShelfItem, variant: Variant) -> int:
    """What it costs in the room as the row stands now: a colleague may have changed it."""
    item.refresh_from_db(fields=["live_price"])
    cheapest = min(item.product.variants.values_list("price", flat=True))
    return price_in_room(variant.price, cheapest=cheapest, live_price=item.live_price)


def flash_hold(
    *, room: Room, basket: Mapping[int, int], customer: Customer, device: uuid.UUID
) -> tuple[dict[int, FlashSale], Hold]:
    """The sales that this basket buys from, and how its pieces are held: those of a sale out of its
    quota. What the hold raises: FlashOver, FlashLimit, OutOfStock.
    """
    sales = {pk: sale for pk, sale in running(room, timezone.now()).items() if pk in basket}
    bought = dict(basket)  # what is held has a gift in it too, which no quota gives

    def hold(
        *, merchant: Merchant, basket: Mapping[int, int], reference: str, store: Store | None
    ) -> None:
        if first := next((sale for sale in sales.values() if sale.pay_first), None):
            alone(bought, basket)
            look(first, bought[first.variant_id], customer, device, store)
            return
        for pk, sale in sorted(sales.items()):
            _take(sale, bought[pk], customer, device)
        if sales:
            lock_stock(merchant=merchant, variants=basket)
        for pk, sale in sorted(sales.items()):
            release_part(merchant=merchant, reference=sale.reference, quantity=bought[pk])
        reserve(merchant=merchant, basket=basket, reference=reference, store=store)

    return sales, hold


def _take(sale: FlashSale, quantity: int, customer: Customer, device: uuid.UUID) -> None:
    """So many pieces of the quota are hers. The row is ours from here on: her two tabs wait."""
    now = timezone.now()
    open_ = FlashSale.objects.filter(
        pk=sale.pk,
        closed_at=None,
        starts_at__lte=now,
        ends_at__gt=now,
        sold__lte=F("quota") - quantity,
    )
    if not open_.update(sold=F("sold") + quantity):
        raise FlashOver
    mine = sale.purchases.filter(Q(customer=customer) | Q(device=device))
    mine = mine.exclude(order__state__in=GIVES_STOCK_BACK)
    had = mine.aggregate(pieces=Sum("quantity", default=0))["pieces"]
    if had + quantity > sale.per_buyer:
        raise FlashLimit


@transaction.atomic
def note_purchases(
    *,
    sales: Mapping[int, FlashSale],
    order: Order,
    basket: Mapping[int, int],
    customer: Customer,
    device: uuid.UUID,
) -> None:
    """Write down what an order took from which sale; the room sees what is left."""
    for pk, sale in sales.items():
        FlashPurchase.objects.create(
            sale=sale,
            order=order,
            customer=customer,
            device=device,
            quantity=basket[pk],
            taken=not sale.pay_first,
        )
        if sale.pay_first:
            wait_for_payment(order, sale)
            continue
        sale.refresh_from_db(fields=["sold"])
        broadcast.flash_changed(sale.room, flash_event(sale))


def close_flash(*, sale: FlashSale) -> None:
    """Over: its price holds no more, and what nobody bought is on the shelf again."""
    close_flashes([sale])


@transaction.atomic
def close_flashes(sales: Iterable[FlashSale]) -> None:
    """Several at once, as by `close_flash`; one that is over already stays as it is."""
    now = timezone.now()
    in_order = sorted(sales, key=lambda sale: sale.variant_id)
    open_ = FlashSale.objects.filter(closed_at=None)
    closed = [sale for sale in in_order if open_.filter(pk=sale.pk).update(closed_at=now)]
    for sale in closed:
        release(merchant=sale.room.merchant, reference=sale.reference)
        broadcast.flash_closed(sale.room, sale.public_id)


def sweep_flash_sales(now: datetime) -> None:
    """Close every sale whose time is up. Safe to run twice at once."""
    for sale in overdue(now):
        try:
            close_flash(sale=sale)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("flash sale %s could not be closed", sale.public_id)
    end_waits(now)
