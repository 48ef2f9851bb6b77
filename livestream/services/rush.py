"""Buying in a room when everybody buys: those who press at the same moment share a transaction.

A flash sale's pieces were put aside before, so a crowd needs the sale's row, locked once for all of
it, and no row of stock. What is odd in a crowd (a coupon, several sales, a pick-up from the quota)
goes the way of one: `buy_in_room`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Case, F, Model, Q, QuerySet, When
from django.utils import timezone

from livestream import broadcast
from livestream.errors import FlashLimit, FlashOver, NotOnTheShelf, SellsNothing
from livestream.models import FlashPurchase, FlashSale, Room, Sale
from livestream.rules.room import SELLING
from livestream.selectors.flash import flash_event, running
from livestream.selectors.room import goods_in, with_flash
from merchants.errors import RuleBroken
from merchants.group_commit import GroupCommit
from merchants.models import Merchant
from merchants.services.stock_batch import Rows, hand_over
from orders.errors import NotTogether
from orders.models import Order
from orders.rules.line import GIVES_STOCK_BACK
from orders.services.customer import Tally
from orders.services.order_batch import Held, Placed, Wish, hold_each, place_orders
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
    sales = running(room, timezone.now())
    own, prices = goods_in(room, {pk for wish in wishes for pk in wish.basket}, sales)
    if room.shown_state not in SELLING:
        return [SellsNothing() for _wish in wishes]

    def hold(merchant: Merchant, asking: Sequence[Wish]) -> Held:
        return _hold(room, merchant, asking, sales, own)

    return place_orders(
        merchant=room.merchant,
        wishes=wishes,
        prices=with_flash(prices, sales),
        flash=sales,
        hold=hold,
        note=lambda placed: _note(room, placed, sales),
    )


def _hold(
    room: Room,
    merchant: Merchant,
    wishes: Sequence[Wish],
    sales: dict[int, FlashSale],
    own: set[int],
) -> Held:
    """Sales first, by their variants, then the shelf: the order in which `buy_in_room` locks."""
    found: dict[str, Rows | RuleBroken] = {}
    of_sale: dict[int, list[Wish]] = {}
    plain = []
    for wish in wishes:
        wanted = [pk for pk in wish.basket if pk in sales]
        if not own & set(wish.basket):
            found[wish.number] = NotOnTheShelf()
        elif not wanted:
            plain.append(wish)
        elif len(wish.basket) > 1 or wish.contact.store is not None or sales[wanted[0]].pay_first:
            found[wish.number] = NotTogether()
        else:
            of_sale.setdefault(wanted[0], []).append(wish)
    for pk, of_these in sorted(of_sale.items()):
        held = _from_quota(sales[pk], merchant, of_these)
        found |= {wish.number: one for wish, one in zip(of_these, held, strict=True)}
    if plain:
        held = hold_each(merchant, plain)
        found |= {wish.number: one for wish, one in zip(plain, held, strict=True)}
    return [found[wish.number] for wish in wishes]


def _from_quota(sale: FlashSale, merchant: Merchant, wishes: Sequence[Wish]) -> Held:
    """Pieces of the quota, first come first served. The sale's row is ours from here on."""
    now = timezone.now()
    open_ = FlashSale.objects.filter(
        pk=sale.pk, closed_at=None, starts_at__lte=now, ends_at__gt=now
    )
    left = wanted = sum(wish.basket[sale.variant_id] for wish in wishes)
    if not _sell(open_, wanted):  # not enough for all of them: who gets the rest?
        wanted, rows = 0, open_.select_for_update(no_key=True)
        left = sum(quota - sold for quota, sold in rows.values_list("quota", "sold"))
    bought = _bought(sale, wishes)
    why: dict[str, RuleBroken] = {}
    taken: list[tuple[str, int]] = []
    for wish in wishes:
        phone, device, quantity = wish.contact.phone, wish.device, wish.basket[sale.variant_id]
        if quantity > left:
            why[wish.number] = FlashOver()
        elif bought.of(phone, device) + quantity > sale.per_buyer:
            why[wish.number] = FlashLimit()
        else:
            left -= quantity
            bought.add(phone, device, quantity)
            taken.append((wish.number, quantity))
    pieces = sum(quantity for _number, quantity in taken)
    if pieces != wanted and not _sell(open_, pieces - wanted):
        raise FlashOver  # the row is ours: only a fault elsewhere could bring this about
    held: dict[str, Rows] = {}
    if taken:
        held, rest = hand_over(merchant=merchant, reference=sale.reference, to=taken)
        sale.sold = sale.quota - rest  # the row is ours: that is what it says
    return [why.get(wish.number) or held[wish.number] for wish in wishes]


def _sell(open_: QuerySet[FlashSale], pieces: int) -> bool:
    """So many more are sold; fewer than none go back. The guard is in the write."""
    return bool(open_.filter(sold__lte=F("quota") - pieces).update(sold=F("sold") + pieces))


def _bought(sale: FlashSale, wishes: Sequence[Wish]) -> Tally:
    """The pieces that these people have of the sale already."""
    # By their orders, which have an index for numbers and one for devices. The sale as a CASE, or
    # PostgreSQL would go by its index: it knows nothing of a new one, which soon has thousands.
    rows = (
        FlashPurchase.objects.filter(
            Q(order__phone__in={wish.contact.phone for wish in wishes})
            | Q(order__device__in={wish.device for wish in wishes})
        )
        .exclude(order__state__in=GIVES_STOCK_BACK)
        .alias(this=Case(When(sale=sale, then=True), default=False))
        .filter(this=True)
    )
    tally = Tally()
    for phone, device, quantity in rows.values_list("order__phone", "device", "quantity"):
        tally.add(phone, device, quantity)
    return tally


def _note(room: Room, placed: Placed, sales: dict[int, FlashSale]) -> list[Sequence[Model]]:
    """Rows that say which order came from this room and took what from which sale; the room sees
    the rest."""
    now = timezone.now()
    pinned = room.pinned if room.is_on_air else ""
    from_here = [Sale(room=room, order=order, at=now, pinned=pinned) for _wish, order in placed]
    bought = [
        FlashPurchase(
            sale_id=sales[pk].pk,
            order=order,
            customer=order.customer,
            device=wish.device,
            quantity=quantity,
        )
        for wish, order in placed
        for pk, quantity in wish.basket.items()
        if pk in sales
    ]
    sold = {one.sale_id for one in bought}
    for sale in sales.values():
        if sale.pk in sold:
            broadcast.flash_changed(room, flash_event(sale))
    return [from_here, bought]
