"""The verb of buying without leaving the video."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from livestream.errors import NotOnTheShelf, SellsNothing
from livestream.models import Room, Sale
from livestream.rules.room import SELLING
from livestream.selectors.room import goods_in, with_flash
from livestream.services.flash import flash_hold, note_purchases
from merchants.models import Customer
from merchants.services.request import Asked
from orders.models import Order, Voucher
from orders.services.order import Contact, Terms, place_order


def may_buy(
    room: Room, variants: Iterable[int], goods: tuple[set[int], dict[int, int]] | None = None
) -> dict[int, int]:
    """The room's prices for these, flash sales aside; `goods` if `goods_in` was asked already.

    Raises SellsNothing for a room that is over, NotOnTheShelf if nothing of it is its own. What
    else lies in her cart may go along: it is on sale in the shop, at the shop's price.
    """
    own, prices = goods or goods_in(room, variants)
    if room.shown_state not in SELLING:  # a rehearsal stops no sale
        raise SellsNothing
    if not own:
        raise NotOnTheShelf
    return prices


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
    extra: Voucher | None = None,
    asked: Asked | None = None,
    terms: Terms | None = None,
    shared_by: int | None = None,
) -> Order:
    """An order at the room's prices, and the link that says it came from this room.

    Live prices hold only while the room is on air, a flash price only in its minutes and for its
    pieces. Raises what `may_buy`, `place_order` and `flash_hold` raise.
    """
    prices = may_buy(room, basket)
    sales, hold = flash_hold(room=room, basket=basket, customer=customer, device=device)
    order = place_order(
        merchant=room.merchant,
        customer=customer,
        basket=basket,
        contact=contact,
        language=language,
        # By the sales that were looked up: one that begins meanwhile gives no price without pieces.
        live_prices=with_flash(prices, sales),
        flash=sales,
        voucher=voucher,
        extra=extra,
        device=device,
        expected_total=expected_total,
        hold=hold,
        asked=asked,
        terms=terms,
        shared_by=shared_by,
    )
    note_purchases(sales=sales, order=order, basket=basket, customer=customer, device=device)
    pinned = room.pinned if room.is_on_air else ""
    Sale.objects.create(room=room, order=order, at=timezone.now(), pinned=pinned)
    return order
