"""Stock never goes below zero and every change says why."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from merchants.errors import BadQuantity, OutOfStock
from merchants.models import Reservation, Stock, StockMovement, Store
from merchants.rules.stock import Reason, spread
from merchants.services.counter import sell_at_counter
from merchants.services.stock import change_stock, release, reserve, take


@given(st.integers(1, 100), st.lists(st.integers(0, 50), max_size=6))
def test_spread_takes_exactly_what_is_wanted_or_nothing(quantity, available):
    taken = spread(quantity, available)
    if sum(available) < quantity:
        assert taken is None
    else:
        assert sum(taken) == quantity
        assert all(0 <= take <= free for take, free in zip(taken, available, strict=True))


def test_one_place_that_has_all_is_preferred():
    assert spread(3, [2, 5, 9]) == [0, 3, 0]


def test_on_hand_is_the_sum_of_its_movements(variant, store, bob):
    sell_at_counter(variant=variant, store=store, by=bob)
    change_stock(variant=variant, store=store, delta=4, reason=Reason.RECEIVED, by=bob)
    stock = variant.stock.get()
    assert stock.on_hand == sum(stock.movements.values_list("delta", flat=True)) == 13


@pytest.mark.parametrize("delta", [0, 10**9, -(10**9)])
def test_it_refuses_absurd_changes(variant, store, delta):
    with pytest.raises(BadQuantity):
        change_stock(variant=variant, store=store, delta=delta, reason=Reason.COUNTED, by=None)


def test_the_till_cannot_sell_what_is_held_for_an_order(shop, variant, store, bob):
    reserve(merchant=shop, basket={variant.pk: 8}, reference="order")
    with pytest.raises(OutOfStock):
        sell_at_counter(variant=variant, store=store, by=bob, quantity=3)
    sell_at_counter(variant=variant, store=store, by=bob, quantity=2)
    assert variant.stock.get().available == 0


def test_the_database_refuses_what_a_mistake_let_through(variant):
    for wrong in ({"on_hand": -1}, {"reserved": 11}, {"reserved": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Stock.objects.filter(variant=variant).update(**wrong)


def test_a_hold_spreads_over_stores_and_comes_back_whole(shop, variant):
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    change_stock(variant=variant, store=second, delta=5, reason=Reason.RECEIVED, by=None)
    reserve(merchant=shop, basket={variant.pk: 12}, reference="big")
    assert sorted(Reservation.objects.values_list("quantity", flat=True)) == [2, 10]
    assert release(merchant=shop, reference="big") == 12
    assert release(merchant=shop, reference="big") == 0
    assert not Stock.objects.filter(reserved__gt=0).exists()


def test_pick_up_takes_from_that_store_alone(shop, variant):
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    with pytest.raises(OutOfStock):
        reserve(merchant=shop, basket={variant.pk: 1}, reference="there", store=second)


def test_taking_twice_takes_once(shop, variant, bob):
    reserve(merchant=shop, basket={variant.pk: 3}, reference="order")
    assert take(merchant=shop, reference="order", by=bob) == 3
    assert take(merchant=shop, reference="order", by=bob) == 0
    assert variant.stock.get().on_hand == 7
    assert StockMovement.objects.filter(reference="order").count() == 1


def test_nothing_is_held_for_another_merchant(other_shop, variant):
    with pytest.raises(OutOfStock):
        reserve(merchant=other_shop, basket={variant.pk: 1}, reference="theft")


@contextmanager
def meanwhile(act, write=1, table="merchants_stock"):
    """Somebody else does `act` just before our first (second, …) write of a row of `table`."""
    seen = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal seen
        if sql.startswith(f'UPDATE "{table}"'):
            seen += 1
            if seen == write:
                act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def test_a_piece_that_went_between_look_and_hold_is_not_held(shop, variant, store):  # P1
    gone = lambda: sell_at_counter(variant=variant, store=store, by=None, quantity=9)  # noqa: E731
    with meanwhile(gone), pytest.raises(OutOfStock):
        reserve(merchant=shop, basket={variant.pk: 2}, reference="late")
    assert not Reservation.objects.exists()


def test_a_piece_that_went_in_one_store_is_taken_from_another(shop, variant, store):  # P1
    places = [store]
    for position, name in enumerate(("文三路店", "西溪店"), start=1):
        place = Store.objects.create(merchant=shop, name=name, city="杭州", position=position)
        change_stock(variant=variant, store=place, delta=10, reason=Reason.RECEIVED, by=None)
        places.append(place)
    gone = lambda: sell_at_counter(variant=variant, store=places[1], by=None, quantity=8)  # noqa: E731
    with meanwhile(gone, write=2):
        reserve(merchant=shop, basket={variant.pk: 15}, reference="big")
    held = Stock.objects.order_by("store__position").values_list("on_hand", "reserved")
    assert list(held) == [(10, 10), (2, 2), (10, 3)]
    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 15


@pytest.mark.parametrize("other", [release, take])
def test_what_is_closed_twice_at_once_is_closed_once(shop, variant, bob, other):
    reserve(merchant=shop, basket={variant.pk: 3}, reference="order")
    more = {"by": bob} if other is take else {}
    first = lambda: other(merchant=shop, reference="order", **more)  # noqa: E731
    with meanwhile(first, table="merchants_reservation"):
        assert release(merchant=shop, reference="order") == 0
    place = variant.stock.get()
    assert (place.on_hand, place.reserved) == (7 if other is take else 10, 0)
