"""The verb of buying without leaving the video."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from livestream.models import Room, Sale
from livestream.selectors.room import live_prices
from merchants.models import Customer
from orders.models import Order, Voucher
from orders.services.order import Contact, place_order


@transaction.atomic
def buy_in_room(
    *,
    room: Room,
    customer: Customer,
    basket: dict[int, int],
    contact: Contact,
    language: str,
    voucher: Voucher | None,
    device: uuid.UUID,
    expected_total: int,
) -> Order:
    """An order at the room's prices, and the link that says it came from this room.

    Live prices hold only while the room is on air. Raises what `place_order` raises.
    """
    order = place_order(
        merchant=room.merchant,
        customer=customer,
        basket=basket,
        contact=contact,
        language=language,
        live_prices=live_prices(room),
        voucher=voucher,
        device=device,
        expected_total=expected_total,
    )
    Sale.objects.create(room=room, order=order, at=timezone.now())
    return order
