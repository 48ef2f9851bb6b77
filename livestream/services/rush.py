"""Buying in a room when everybody buys: those who press at the same moment share a transaction.

A flash sale's pieces were put aside before, so a crowd needs the sale's row, locked once for all of
it, and no row of stock. What is odd in a crowd (a coupon, several sales, a pick-up from the quota)
goes the way of one: `buy_in_room`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import F, Q
from django.utils import timezone

from livestream import broadcast
from livestream.errors import FlashLimit, FlashOver, NotOnTheShelf, SellsNothing
from livestream.models import FlashPurchase, FlashSale, Room, Sale
from livestream.rules.room import SELLING
from livestream.selectors.flash import flash_event, running
from livestream.selectors.room import live_prices, on_shelf
from merchants.errors import RuleBroken
from merchants.group_commit import GroupCommit
from merchants.models import Merchant, Variant
from merchants.services.stock_batch import hand_over
from orders.errors import NotTogether
from orders.models import Order
from orders.rules.line import GIVES_STOCK_BACK
from orders.services.order_batch import Held, Wish, hold_each, place_orders
from orders.services.order_once import Outcome, order_each_once


def buy_together(room: Room, wish: Wish) -> str:
    """The number of an order at the room's prices, placed with those who buy at this moment.

    The same request again gets the same number. Raises what `buy_in_room` and `order_once` raise,
    and NotTogether for a wish that must go the other way.
    """
    return _rooms.ask(room.pk, (room, wish))


def _each(asked: Sequence[tuple[Room, Wish]]) -> list[Outcome]:
    room = asked[0][0]
    wishes = [wish for _room, wish in asked]

    def act(places: list[int]) -> list[Order | RuleBroken]:
        return buy_each(room=room, wishes=[wishes[at] for at in places])

    return order_each_once(asked=[wish.asked for wish in wishes], act=act)


_rooms = GroupCommit(_each)


def buy_each(*, room: Room, wishes: Sequence[Wish]) -> list[Order | RuleBroken]:
    """As `buy_in_room`, for many within the caller's transaction: orders or refusals, in order."""
    room.refresh_from_db(fields=["state", "scheduled_at", "pinned"])
    if room.shown_state not in SELLING:
        return [SellsNothing() for _wish in wishes]
    sales = running(room, timezone.now())
    own = set(
        Variant.objects.filter(
            product__in=on_shelf(room).values("product"),
            pk__in={pk for wish in wishes for pk in wish.basket},
        ).values_list("pk", flat=True)
    )

    def hold(merchant: Merchant, asking: Sequence[Wish]) -> Held:
        return _hold(room, merchant, asking, sales, own)

    outcomes = place_orders(
        merchant=room.merchant,
        wishes=wishes,
        prices=live_prices(room, sales) | {pk: sale.price for pk, sale in sales.items()},
        flash=sales,
        hold=hold,
    )
    _note(room, _placed(wishes, outcomes), sales)
    return outcomes


def _placed(
    wishes: Sequence[Wish], outcomes: Sequence[Order | RuleBroken]
) -> list[tuple[Wish, Order]]:
    """The wishes that became orders, with them."""
    pairs = zip(wishes, outcomes, strict=True)
    return [(wish, one) for wish, one in pairs if isinstance(one, Order)]


def _hold(
    room: Room,
    merchant: Merchant,
    wishes: Sequence[Wish],
    sales: dict[int, FlashSale],
    own: set[int],
) -> Held:
    """Sales first, by their ids, then the shelf: the order in which `buy_in_room` locks."""
    why: dict[str, RuleBroken | None] = {}
    of_sale: dict[int, list[Wish]] = {}
    plain = []
    for wish in wishes:
        wanted = [pk for pk in wish.basket if pk in sales]
        if not own & set(wish.basket):
            why[wish.number] = NotOnTheShelf()
        elif not wanted:
            plain.append(wish)
        elif len(wish.basket) > 1 or wish.contact.store is not None or sales[wanted[0]].pay_first:
            why[wish.number] = NotTogether()
        else:
            of_sale.setdefault(sales[wanted[0]].pk, []).append(wish)
    by_id = {sale.pk: sale for sale in sales.values()}
    for pk in sorted(of_sale):
        of_these = of_sale[pk]
        held = _from_quota(by_id[pk], merchant, of_these)
        why |= {wish.number: one for wish, one in zip(of_these, held, strict=True)}
    if plain:
        held = hold_each(merchant, plain)
        why |= {wish.number: one for wish, one in zip(plain, held, strict=True)}
    return [why[wish.number] for wish in wishes]


def _from_quota(sale: FlashSale, merchant: Merchant, wishes: Sequence[Wish]) -> Held:
    """Pieces of the quota, first come first served. The sale's row is ours from here on."""
    now = timezone.now()
    open_ = FlashSale.objects.select_for_update(no_key=True).filter(
        pk=sale.pk, closed_at=None, starts_at__lte=now, ends_at__gt=now
    )
    left = sum(quota - sold for quota, sold in open_.values_list("quota", "sold"))
    bought = _bought(sale, wishes)
    why: Held = []
    taken: list[tuple[str, int]] = []
    for wish in wishes:
        phone, device, quantity = wish.contact.phone, wish.device, wish.basket[sale.variant_id]
        had = sum(pieces for p, d, pieces in bought if p == phone or d == device)
        if quantity > left:
            why.append(FlashOver())
        elif had + quantity > sale.per_buyer:
            why.append(FlashLimit())
        else:
            left -= quantity
            bought.append((phone, device, quantity))
            taken.append((wish.number, quantity))
            why.append(None)
    if taken:
        pieces = sum(quantity for _number, quantity in taken)
        if not open_.filter(sold__lte=F("quota") - pieces).update(sold=F("sold") + pieces):
            raise FlashOver
        hand_over(merchant=merchant, reference=sale.reference, to=taken)
        sale.sold = sale.quota - left  # the row is ours: that is what it says
    return why


def _bought(sale: FlashSale, wishes: Sequence[Wish]) -> list[tuple[str, uuid.UUID | None, int]]:
    """(number, device, pieces) of what these people have of the sale already."""
    # By their orders, which have an index for numbers and one for devices: a sale has thousands.
    theirs = Order.objects.filter(
        Q(phone__in={wish.contact.phone for wish in wishes})
        | Q(device__in={wish.device for wish in wishes})
    ).exclude(state__in=GIVES_STOCK_BACK)
    rows = sale.purchases.filter(order__in=theirs)
    return list(rows.values_list("order__phone", "device", "quantity"))


def _note(room: Room, placed: Sequence[tuple[Wish, Order]], sales: dict[int, FlashSale]) -> None:
    """Which order came from this room and took what from which sale; the room sees the rest."""
    now = timezone.now()
    pinned = room.pinned if room.is_on_air else ""
    Sale.objects.bulk_create(
        Sale(room=room, order=order, at=now, pinned=pinned) for _wish, order in placed
    )
    bought = [
        FlashPurchase(
            sale=sales[pk],
            order=order,
            customer_id=order.customer_id,
            device=wish.device,
            quantity=quantity,
        )
        for wish, order in placed
        for pk, quantity in wish.basket.items()
        if pk in sales
    ]
    FlashPurchase.objects.bulk_create(bought)
    for sale in {one.sale for one in bought}:
        broadcast.flash_changed(room, flash_event(sale))
