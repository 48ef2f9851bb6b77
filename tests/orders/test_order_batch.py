"""Many orders in one transaction: the same rows, prices and refusals as one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from merchants.errors import KeyReused, OutOfStock
from merchants.models import Customer, Reservation, Stock
from merchants.selectors.invariant import offenders
from merchants.services.request import Asked
from orders.errors import BadBasket, NotAtStore, NotSentThere, PriceMoved, TooManyOpen
from orders.models import Order
from orders.selectors.invariant import INVARIANTS
from orders.services.order import Contact, place_order, quote, terms_of
from orders.services.order_batch import Wish, order_together, place_orders
from orders.services.order_once import order_each_once, order_once
from tests.conftest import DAN


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    yield
    assert list(offenders(INVARIANTS, timezone.now())) == []


def wish(variant, count=1, *, contact=None, device=None, key=None, total=None, language="en"):
    device = device or uuid.uuid4()
    contact = contact or replace(DAN, phone=f"+86138{uuid.uuid4().int % 10**8:08}")
    asked = Asked(f"checkout:{device}", key or str(uuid.uuid4()), f"{count}")
    return Wish({variant.pk: count}, contact, language, device, total, asked)


def kinds(outcomes: Iterable[object]) -> list[type]:
    return [type(one) for one in outcomes]


SAME = {"id", "number", "device", "order", "tags", "pickup_code"}


def plain(row) -> dict:
    return {name: value for name, value in model_to_dict(row).items() if name not in SAME}


def all_of(order: Order) -> list[object]:
    fields = {f.attname: getattr(order, f.attname) for f in Order._meta.concrete_fields}
    own = {"id", "number", "device", "placed_at", "pay_by", "pickup_code", "customer_id"}
    for odd in own | {"request_key", "request_mark"}:
        fields.pop(odd)
    return [
        fields,
        [plain(line) for line in order.lines.all()],
        [(step.state, step.by) for step in order.steps.all()],
        list(Reservation.objects.filter(reference=order.number).values_list("stock", "quantity")),
        order.pay_by - order.placed_at,
    ]


@pytest.mark.parametrize("collected", [False, True])
def test_an_order_is_the_same_whichever_way_it_came(shop, variant, store, dan, collected):
    contact = replace(DAN, email="dan@example.com", note="Ring twice")
    if collected:
        contact = Contact("Dan", contact.phone, store=store)
    one = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 2},
        contact=contact,
        language="en",
        device=uuid.uuid4(),
        live_prices={variant.pk: 9900},
    )
    (other,) = place_orders(
        merchant=shop, wishes=[wish(variant, 2, contact=contact)], prices={variant.pk: 9900}
    )
    one.refresh_from_db()
    other.refresh_from_db()
    assert all_of(one) == all_of(other)


def test_each_is_judged_by_itself_and_the_first_come_are_served(shop, variant, cup):
    glass = cup.variants.get()
    wishes = [
        wish(variant, 6),
        wish(variant, 0),
        wish(variant, 5),  # ten there were
        wish(glass, total=1),
        wish(variant, 4),
        wish(glass, contact=replace(DAN, region="nowhere", phone="+8613900000001")),
    ]
    outcomes = place_orders(merchant=shop, wishes=wishes)
    assert kinds(outcomes) == [Order, BadBasket, OutOfStock, PriceMoved, Order, NotSentThere]
    assert str(outcomes[2]) == "明前龙井 is sold out."
    assert Stock.objects.get(variant=variant).reserved == 10
    assert Customer.objects.filter(merchant=shop).count() == 2  # who is refused is no customer


def test_a_refusal_speaks_her_language(shop, variant):
    (english, chinese) = place_orders(
        merchant=shop, wishes=[wish(variant, 11), wish(variant, 12, language="zh-hans")]
    )
    assert "Only 10 left" in str(english)
    assert "只剩 10" in str(chinese).replace("只剩10", "只剩 10")


def test_what_is_collected_lies_there(shop, variant, other_place):
    contact = Contact("Dan", "+8613900000002", store=other_place)
    (outcome,) = place_orders(merchant=shop, wishes=[wish(variant, contact=contact)])
    assert kinds([outcome]) == [NotAtStore]


@pytest.fixture
def other_place(shop):
    return shop.stores.create(name="Two", city="Guangzhou", position=1)


def test_goods_of_another_shop_are_none(shop, foreign_product, variant):
    outcomes = place_orders(
        merchant=shop, wishes=[wish(foreign_product.variants.get()), wish(variant)]
    )
    assert kinds(outcomes) == [BadBasket, Order]


@pytest.mark.parametrize("same", ["phone", "device"])
def test_one_person_holds_five_within_a_group_too(shop, variant, same):
    device = uuid.uuid4() if same == "device" else None
    contact = DAN if same == "phone" else None
    wishes = [wish(variant, contact=contact, device=device) for _one in range(4)]
    assert kinds(place_orders(merchant=shop, wishes=wishes)) == [Order] * 4
    more = [wish(variant, contact=contact, device=device) for _one in range(3)]
    outcomes = place_orders(merchant=shop, wishes=more)
    assert kinds(outcomes) == [Order, TooManyOpen, TooManyOpen]


def test_the_owner_of_a_number_keeps_her_name(shop, variant):
    known = Customer.objects.create(merchant=shop, phone=DAN.phone, name="Dan the first")
    guest = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    fresh = replace(DAN, phone="+8613900000003")
    orders = place_orders(
        merchant=shop,
        wishes=[
            wish(variant, contact=replace(DAN, name="Somebody")),
            wish(variant, contact=fresh, device=guest.device),
            wish(variant, contact=fresh),
        ],
    )
    assert [order.customer for order in orders] == [known, guest, guest]
    known.refresh_from_db()
    assert known.name == "Dan the first"


def test_the_same_request_twice_is_one_order(shop, variant):
    mine = wish(variant, 3)
    first = order_together(shop, mine)
    assert order_together(shop, replace(mine, number="another")) == first
    assert Order.objects.count() == 1
    with pytest.raises(KeyReused):
        order_together(shop, replace(mine, asked=replace(mine.asked, mark="other")))
    # The two ways know each other's orders: a form may come by either.
    facts = {"merchant": shop, "contact": mine.contact, "language": "en", "basket": mine.basket}

    def alone(asked: Asked) -> tuple[str, bool]:
        customer = Customer.objects.get()
        act = partial(place_order, customer=customer, asked=asked, **facts)
        return order_once(asked=asked, act=act)

    assert alone(mine.asked) == (first, False)
    with pytest.raises(KeyReused):
        alone(replace(mine.asked, mark="other"))
    assert Order.objects.count() == 1


def test_of_one_request_twice_in_a_group_one_is_an_order(shop, variant):
    mine = wish(variant, 3)
    other = wish(variant)
    again = replace(mine, number="another")
    changed = replace(mine, number="changed", asked=replace(mine.asked, mark="other"))
    group = [mine, other, again, changed]

    def act(places: list[int]) -> list:
        return place_orders(merchant=shop, wishes=[group[at] for at in places])

    told = order_each_once(asked=[one.asked for one in group], act=act)
    assert told[:3] == [mine.number, other.number, mine.number]
    assert isinstance(told[3], KeyReused)
    late = wish(variant)
    group = [replace(mine, number="late"), late]
    told = order_each_once(asked=[one.asked for one in group], act=act)
    assert told == [mine.number, late.number], "who was served before keeps nobody from hers"
    assert Order.objects.count() == 3


def test_what_was_looked_up_is_believed_for_a_moment_only(shop, variant):
    """Whoever waited in a crowd is told the price of now, by either way."""
    seen = terms_of(shop, [variant.pk])
    shop.variants.filter(pk=variant.pk).update(price=variant.price + 100)
    stale = replace(seen, at=seen.at - 2)
    price = partial(quote, merchant=shop, basket={variant.pk: 1}, pickup=True)
    assert price(terms=seen).sum.goods == variant.price
    assert price(terms=stale).sum.goods == variant.price + 100
    wishes = [replace(wish(variant), terms=terms) for terms in (seen, stale)]
    one, other = place_orders(merchant=shop, wishes=wishes)
    assert (one.goods, other.goods) == (variant.price, variant.price + 100)


def test_a_refusal_may_be_tried_again(shop, variant, store):
    mine = wish(variant, 11)
    with pytest.raises(OutOfStock):
        order_together(shop, mine)
    assert not Order.objects.exists()
    assert order_together(shop, replace(mine, basket={variant.pk: 10}))
