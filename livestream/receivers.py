"""What the show does when something happens elsewhere. Every cross-app reaction is here."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from livestream import broadcast
from livestream.errors import DrawClosed
from livestream.models import Room, Sale, ShelfItem
from livestream.rules.chat import masked
from livestream.rules.draw import EntryBy
from livestream.selectors.draw import open_draw_of
from livestream.selectors.room import item_offer, kinds_of
from livestream.services.entry import enter_buyer
from livestream.services.shelf import follow_product
from merchants.models import Merchant, Notification, Product, User
from merchants.signals import notice_created, product_changed, staff_removed, stock_changed
from orders.models import Order
from orders.signals import (
    order_moved,
    order_noted,
    order_paid,
    orders_placed,
    refund_moved,
)

FROM: Any = Sale._meta.get_field("order").remote_field  # one that was just placed knows its sale


@receiver(stock_changed)
def show_stock(variant_ids: set[int], **kwargs: Any) -> None:
    """A piece went at the till or in a room: every room that shows it hears the new count."""
    kinds = kinds_of(variant_ids)
    items = ShelfItem.objects.filter(
        product__in=kinds, room__in=Room.objects.on_air()
    ).select_related("room")
    for item in items:
        broadcast.stock_changed(
            item.room, item, item_offer(item.room, item, kinds[item.product_id])
        )


@receiver(product_changed)
def show_product(product: Product, **kwargs: Any) -> None:
    """Another name, price or photo, or taken off sale: every open room shows it as it is now."""
    follow_product(product=product)


@receiver(order_moved)
def show_order(order: Order, **kwargs: Any) -> None:
    """The console and the orders page learn of an order's steps without a reload."""
    sale = Sale.objects.select_related("room").filter(order=order).first()
    broadcast.order_changed(order, sale.room if sale else None)


@receiver(orders_placed)
def show_orders(orders: Sequence[Order], **kwargs: Any) -> None:
    """And of new ones, many at once in a rush: one message to each room."""
    rooms = {
        order.pk: sale.room for order in orders if (sale := FROM.get_cached_value(order, None))
    }
    if len(rooms) < len(orders):  # the shop's own, or written elsewhere
        sales = Sale.objects.select_related("room").filter(order__in=orders)
        rooms = {sale.order_id: sale.room for sale in sales}
    broadcast.orders_changed([(order, rooms.get(order.pk)) for order in orders])


@receiver([refund_moved, order_noted])
def show_refund(order: Order, **kwargs: Any) -> None:
    """What is to be sent, and what waits for an answer, is counted again. Nothing was paid anew."""
    broadcast.order_touched(order)


@receiver(order_paid)
def cheer(order: Order, **kwargs: Any) -> None:
    """Viewers see that somebody bought: a masked name, never a number."""
    sale = Sale.objects.select_related("room").filter(order=order).first()
    line = order.lines.select_related("variant__product").first()
    if sale is not None and line is not None and sale.room.is_on_air:
        name, product = masked(order.name), line.variant.product.name
        broadcast.sale_made(sale.room, name, product, order.customer_id)


@receiver(order_paid)
def let_in(order: Order, **kwargs: Any) -> None:
    """Who pays for an order of the show takes part in a draw by orders that is open."""
    sale = Sale.objects.select_related("room__merchant").filter(order=order).first()
    draw = open_draw_of(sale.room, timezone.now()) if sale else None
    if draw is not None and draw.entry_by == EntryBy.PURCHASE and order.device:
        with contextlib.suppress(DrawClosed):
            enter_buyer(draw=draw, device=order.device)


@receiver(notice_created)
def ring(notification: Notification, **kwargs: Any) -> None:
    """The bell of the dashboard."""
    broadcast.notice_created(notification)


@receiver(staff_removed)
def show_out(merchant: Merchant, user: User, **kwargs: Any) -> None:
    """A removed colleague's sockets close."""
    broadcast.staff_removed(merchant, user)
