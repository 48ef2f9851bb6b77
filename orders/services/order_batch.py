"""Many orders of one shop in one transaction: what all of them need is asked and written once.

A crowd that wants the same thing waits for one row, and each who holds it writes a dozen more. So
those who wait are gathered (merchants.group_commit), and their orders written together:

    wishes ─▶ priced ─▶ held, first come first served ─▶ rows ─▶ numbers

Each wish is judged by itself, by the rules of `orders.services.order`; one that is refused keeps
nobody else from hers. A coupon or a wait of one's own is looked at one by one: `place_order`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import override

from merchants.errors import RuleBroken
from merchants.group_commit import GroupCommit
from merchants.models import Customer, Merchant
from merchants.models.address import secret_id
from merchants.services.request import Asked
from merchants.services.rows import write_rows
from merchants.services.stock_batch import Rows, Wanted, reserve_each
from orders.errors import BadBasket, NotSentThere, PriceMoved, TooManyOpen
from orders.models import Order
from orders.services.customer import Known, Person, buyers_each, known_people
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

    @property
    def person(self) -> Person:
        return Person(self.device, self.contact.phone, self.contact.name, self.contact.email)


Held = list[Rows | RuleBroken]  # what holds the pieces of each wish, or why none are held
HoldEach = Callable[[Merchant, Sequence[Wish]], Held]
Placed = Sequence[tuple[Wish, Order]]
Note = Callable[[Placed], Iterable[Sequence[Model]]]


def _nothing(_placed: Placed) -> Iterable[Sequence[Model]]:
    return ()


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
        _short(merchant, wish) if held is None else held
        for held, wish in zip(done, wishes, strict=True)
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
    note: Note = _nothing,
) -> list[Order | RuleBroken]:
    """An order for each wish, as by `place_order`, or what that would have raised; in order.

    `prices` and `flash` are of the room they buy in. `hold` holds pieces under the wishes' numbers;
    `note` tells what else is written of those who are served: the rows of a table each.
    """
    answers: dict[str, Order | RuleBroken] = {}
    quotes: dict[str, Quote] = {}
    known = known_people(
        merchant=merchant, people=[wish.person for wish in wishes], now=timezone.now()
    )
    may_open = _within_limit(known)
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
    held: Rows = []
    for wish, outcome in zip(asking, hold(merchant, asking) if asking else (), strict=True):
        if isinstance(outcome, RuleBroken):
            answers[wish.number] = outcome
        else:
            held += outcome
    if served := [wish for wish in asking if wish.number not in answers]:
        owners = buyers_each(
            merchant=merchant, people=[wish.person for wish in served], known=known.customers
        )
        answers |= _open(merchant, served, quotes, owners, held, note)
    return [answers[wish.number] for wish in wishes]


def _open(
    merchant: Merchant,
    wishes: Sequence[Wish],
    quotes: Mapping[str, Quote],
    buyers: tuple[list[Customer], list[Customer]],
    held: Rows,
    note: Note,
) -> dict[str, Order]:
    """{number: order} of those whose pieces are held: everything of theirs is written here."""
    now = timezone.now()
    owners, fresh = buyers
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
            number=wish.number,
        )
        orders.append(order)
    lines = [line for order in orders for line in new_lines(order, quotes[order.number])]
    write_rows(fresh, orders, lines, held, *note(list(zip(wishes, orders, strict=True))))
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


def _within_limit(known: Known) -> Callable[[Wish], bool]:
    """Whether a wish may open one more unpaid order; if so it counts for those after it."""

    def one_more(wish: Wish) -> bool:
        phone, device = wish.contact.phone, wish.device
        if known.unpaid.of(phone, device) >= settings.OPEN_ORDERS:
            return False
        known.unpaid.add(phone, device)
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
