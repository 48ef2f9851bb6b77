"""Many orders of one shop in one transaction: what all of them need is asked and written once.

A crowd that wants the same thing waits for one row, and each who holds it writes a dozen more. So
those who wait are gathered (merchants.group_commit), and their orders written together:

    wishes ─▶ priced ─▶ held, first come first served ─▶ rows ─▶ numbers

Each wish is judged by itself, by the rules of `orders.services.order`; one that is refused keeps
nobody else from hers. A coupon or a wait of one's own is looked at one by one: `place_order`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import override

from merchants.errors import RuleBroken
from merchants.group_commit import GroupCommit
from merchants.models import Merchant
from merchants.models.address import secret_id
from merchants.services.request import Asked
from merchants.services.stock_batch import Wanted, reserve_each
from orders.errors import BadBasket, NotSentThere, PriceMoved, TooManyOpen
from orders.models import Line, Order
from orders.rules.line import LineState
from orders.services.customer import Person, buyers_each
from orders.services.order import (
    Contact,
    Quote,
    Terms,
    new_lines,
    new_order,
    plain_quote,
    shortage,
    terms_of,
)
from orders.services.order_once import Outcome, order_each_once
from orders.signals import orders_placed


@dataclass(frozen=True)
class Wish:
    """What one shopper asks for: what `place_order` is told, and which request it was."""

    basket: Mapping[int, int]
    contact: Contact
    language: str
    device: uuid.UUID
    expected_total: int | None
    asked: Asked
    may: Callable[[], object] = bool  # raises what keeps her from asking anything new
    terms: Terms | None = None  # as they were looked up for her form
    shared_by: int | None = None  # the user by whose link she came
    number: str = field(default_factory=secret_id)  # of the order, should there be one


Held = list[RuleBroken | None]  # why pieces were not held for each wish; None: they are
HoldEach = Callable[[Merchant, Sequence[Wish]], Held]


def hold_each(merchant: Merchant, wishes: Sequence[Wish]) -> Held:
    """From the shelf, for each as much as she wants."""
    done = reserve_each(
        merchant=merchant,
        wanted=[
            Wanted(one.number, one.basket, one.contact.store.pk if one.contact.store else None)
            for one in wishes
        ],
    )
    return [
        None if held else _short(merchant, wish) for held, wish in zip(done, wishes, strict=True)
    ]


def _short(merchant: Merchant, wish: Wish) -> RuleBroken:
    with override(wish.language):
        return shortage(merchant=merchant, basket=wish.basket, store=wish.contact.store)


@transaction.atomic(savepoint=False)
def place_orders(
    *,
    merchant: Merchant,
    wishes: Sequence[Wish],
    prices: Mapping[int, int] | None = None,
    flash: Container[int] = (),
    hold: HoldEach = hold_each,
) -> list[Order | RuleBroken]:
    """An order for each wish, as by `place_order`, or what that would have raised; in order.

    `prices` and `flash` are of the room they buy in. `hold` holds pieces under the wishes' numbers.
    """
    answers: dict[str, Order | RuleBroken] = {}
    quotes: dict[str, Quote] = {}
    may_open = _within_limit(merchant, wishes)
    offers = _priced(merchant, wishes, prices or {}, flash)
    for wish, offered in zip(wishes, offers, strict=True):
        if (refusal := _refusal(wish)) is not None:
            answers[wish.number] = refusal
        elif isinstance(offered, RuleBroken):
            answers[wish.number] = offered
        elif not may_open(wish):
            answers[wish.number] = TooManyOpen()
        else:
            quotes[wish.number] = offered
    asking = [wish for wish in wishes if wish.number in quotes]
    refusals = hold(merchant, asking) if asking else []
    answers |= {w.number: why for w, why in zip(asking, refusals, strict=True) if why is not None}
    served = [wish for wish in asking if wish.number not in answers]
    if served:
        answers |= _open(merchant, served, quotes)
    return [answers[wish.number] for wish in wishes]


def _open(
    merchant: Merchant, wishes: Sequence[Wish], quotes: Mapping[str, Quote]
) -> dict[str, Order]:
    """{number: order} of those whose pieces are held."""
    now = timezone.now()
    people = [
        Person(one.device, one.contact.phone, one.contact.name, one.contact.email) for one in wishes
    ]
    owners = buyers_each(merchant=merchant, people=people)
    orders = []
    for wish, owner in zip(wishes, owners, strict=True):
        order = new_order(
            merchant=merchant,
            customer=owner,
            contact=wish.contact,
            offered=quotes[wish.number],
            language=wish.language,
            device=wish.device,
            asked=wish.asked,
            now=now,
            shared_by=wish.shared_by,
        )
        order.number = wish.number
        orders.append(order)
    Order.objects.bulk_create(orders)
    Line.objects.bulk_create(
        line for order in orders for line in new_lines(order, quotes[order.number])
    )
    orders_placed.state(orders=orders)
    return {order.number: order for order in orders}


def _refusal(wish: Wish) -> RuleBroken | None:
    try:
        wish.may()
    except RuleBroken as refusal:
        return refusal
    return None


def _priced(
    merchant: Merchant,
    wishes: Sequence[Wish],
    prices: Mapping[int, int],
    flash: Container[int],
) -> list[Quote | RuleBroken]:
    seen = {wish.number: wish.terms for wish in wishes if wish.terms and wish.terms.fresh}
    unseen = {pk for wish in wishes if wish.number not in seen for pk in wish.basket}
    looked_up = terms_of(merchant, unseen) if unseen else None

    def one(wish: Wish) -> Quote | RuleBroken:
        terms = seen.get(wish.number, looked_up)
        if terms is None:
            return BadBasket()
        pickup = wish.contact.store is not None
        rate = terms.parcels.rate("" if pickup else wish.contact.region)
        if rate is None:
            return NotSentThere()
        try:
            offered = plain_quote(
                merchant=merchant,
                basket=wish.basket,
                variants=terms.variants,
                prices=prices,
                flash=flash,
                rate=None if pickup else rate,
            )
        except BadBasket as trouble:
            return trouble
        if wish.expected_total not in (None, offered.sum.total):
            return PriceMoved()
        return offered

    return [one(wish) for wish in wishes]


def _within_limit(merchant: Merchant, wishes: Sequence[Wish]) -> Callable[[Wish], bool]:
    """Whether a wish may open one more unpaid order; if so it counts for those after it."""
    phones = {wish.contact.phone for wish in wishes}
    mine = Q(merchant=merchant, phone__in=phones) | Q(device__in={w.device for w in wishes})
    rows = Order.objects.filter(mine, state=LineState.PENDING, pay_by__gt=timezone.now())
    held = [
        (phone if shop == merchant.pk else "", device)
        for shop, phone, device in rows.values_list("merchant_id", "phone", "device")
    ]

    def one_more(wish: Wish) -> bool:
        phone, device = wish.contact.phone, wish.device
        if sum(phone == p or device == d for p, d in held) >= settings.OPEN_ORDERS:
            return False
        held.append((phone, device))
        return True

    return one_more


def _each(asked: Sequence[tuple[Merchant, Wish]]) -> list[Outcome]:
    merchant = asked[0][0]
    wishes = [wish for _merchant, wish in asked]

    def act(places: list[int]) -> list[Order | RuleBroken]:
        return place_orders(merchant=merchant, wishes=[wishes[at] for at in places])

    return order_each_once(asked=[wish.asked for wish in wishes], act=act)


_shops = GroupCommit(_each)


def order_together(merchant: Merchant, wish: Wish) -> str:
    """The number of an order placed with those who order in this shop at this moment.

    The same request again gets the same number. Raises what `place_order` and `order_once` raise.
    """
    return _shops.ask(merchant.pk, (merchant, wish))
