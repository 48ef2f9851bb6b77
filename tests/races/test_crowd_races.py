"""Crowds in several processes at the same moment: together or alone, a piece is sold once (P1).

A thread that places a group without gathering is what another process is to the database.
"""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connection
from django.db.models import F

from livestream.models import FlashSale
from livestream.services import rush
from livestream.services.rush import buy_together
from livestream.services.sale import buy_in_room
from merchants.errors import OutOfStock
from merchants.group_commit import GroupCommit
from merchants.models import Customer, Stock
from merchants.services import stock_batch
from merchants.services.stock import reserve
from orders.models import Order
from orders.services import order_batch
from orders.services.customer import buyers
from orders.services.order import place_order
from orders.services.order_batch import hold_each, order_together, place_orders
from orders.services.order_once import order_each_once, order_once
from tests.conftest import DAN, product_of
from tests.livestream.test_flash import announce, begin
from tests.orders.test_order_batch import wish
from tests.races.shopper import at_once, nothing_is_broken, until_somebody_waits

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PIECES = 7
row_by_row = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="where rows are locked one by one"
)


@pytest.fixture
def pot(shop):
    return product_of(shop, "紫砂壶", 38800, PIECES).variants.get()


def orders() -> int:
    return Order.objects.count()


def trouble(results: list, *known: type) -> list:
    flat = [one for group in results for one in (group if isinstance(group, list) else [group])]
    known = (OutOfStock, *known)
    return [one for one in flat if isinstance(one, Exception) and not isinstance(one, known)]


def test_groups_and_lone_buyers_share_the_last_pieces(shop, pot):
    dan = Customer.objects.create(merchant=shop)
    groups = [lambda: order_batch._each([(shop, wish(pot)) for _one in range(3)])] * 4

    def lone() -> Order:
        return place_order(
            merchant=shop, customer=dan, basket={pot.pk: 1}, contact=DAN, language="en"
        )

    crowd = [lambda: order_together(shop, wish(pot))] * 8
    assert trouble(at_once([*groups, *[lone] * 4, *crowd])) == []
    assert orders() == PIECES
    assert Stock.objects.get(variant=pot).reserved == PIECES
    assert nothing_is_broken()


def test_without_lock_and_guard_the_same_race_goes_wrong(shop, pot, monkeypatch):
    """The negative control: what was seen before is taken, and the write asks nothing."""
    seen = list(Stock.objects.filter(variant=pot))

    def take(row: Stock, pieces: int) -> bool:
        if connection.vendor == "sqlite":  # the second lock on the door is open as well
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints = ON")
        return bool(Stock.objects.filter(pk=row.pk).update(reserved=F("reserved") + pieces))

    monkeypatch.setattr(stock_batch, "lock_stock", lambda **_wanted: seen)
    monkeypatch.setattr(stock_batch, "_take", take)
    results = at_once([lambda: order_batch._each([(shop, wish(pot)) for _one in range(3)])] * 6)
    assert orders() > PIECES or trouble(results)  # sold too often; PostgreSQL's CHECK says no


@pytest.fixture
def sale(live, pot, longjing) -> FlashSale:
    found = announce(
        live, live.items.get(product=longjing), longjing.variants.get(), quota=PIECES, per_buyer=1
    )
    begin(found)
    found.refresh_from_db()
    return found


def test_groups_and_lone_buyers_share_a_quota(live, sale):
    variant = sale.variant

    def lone() -> Order:
        guest = Customer.objects.create(merchant=live.merchant)
        mine = wish(variant)
        return buy_in_room(
            room=live,
            customer=guest,
            basket=mine.basket,
            contact=mine.contact,
            language="en",
            voucher=None,
            device=mine.device,
            expected_total=None,
        )

    groups = [lambda: rush._each([(live, wish(variant)) for _one in range(3)])] * 4
    crowd = [lambda: buy_together(live, wish(variant))] * 8
    results = at_once([*groups, *[lone] * 3, *crowd])
    assert trouble(results, rush.FlashOver) == []
    sale.refresh_from_db()
    bought = Order.objects.filter(lines__price_rule="flash").count()
    assert (sale.sold, bought) == (PIECES, PIECES)
    assert nothing_is_broken()


def test_one_request_in_two_processes_is_one_order(shop, pot):  # P2
    mine = wish(pot)
    alone = [lambda: order_batch._each([(shop, mine)])] * 3
    results = at_once([*alone, *[lambda: order_together(shop, mine)] * 5])
    assert orders() == 1
    number = Order.objects.get().number
    # Another process may refuse the second writing of one key: it is then asked again, alone.
    assert {one for one in results if isinstance(one, str)} == {number}
    assert nothing_is_broken()


def by(hold, shop, wishes):
    """`wishes` in one transaction, their pieces held by `hold`."""

    def act(places: list[int]) -> list:
        return place_orders(merchant=shop, wishes=[wishes[at] for at in places], hold=hold)

    return order_each_once(asked=[one.asked for one in wishes], act=act)


@row_by_row
def test_a_new_buyers_two_forms_at_once_leave_her_group_together(shop, pot):
    mine = wish(pot)
    other_form = wish(pot, contact=mine.contact, device=mine.device)
    group = [wish(pot), mine, wish(pot)]
    tries = []

    def hold(merchant, wishes):
        if not tries:  # she becomes a customer in another process
            done = at_once([lambda: order_batch._each([(shop, other_form)])])
            assert done == [[other_form.number]]
        tries.append(len(wishes))
        return hold_each(merchant, wishes)

    assert by(hold, shop, group) == [one.number for one in group]
    assert tries == [3, 3]
    assert (orders(), Customer.objects.count()) == (4, 3)
    assert nothing_is_broken()


@row_by_row
@pytest.mark.parametrize("first", ["alone", "together"])
def test_a_deadlock_of_a_crowd_and_one_alone_is_nobodys_trouble(shop, pot, first):
    """She has her new row as a customer and wants the stock, the crowd the other way round; who
    waits `first` is sent back by the database."""
    mine = wish(pot)
    again = wish(pot, contact=mine.contact, device=mine.device)
    has_row, has_stock = threading.Event(), threading.Event()
    tries = {"alone": 0, "together": 0}

    def step(who: str) -> None:
        if tries[who] == 1 and who != first:
            until_somebody_waits()

    def hold(**wanted) -> None:
        assert has_stock.wait(5)
        step("alone")
        reserve(**wanted)

    def place() -> Order:
        tries["alone"] += 1
        owner = buyers(merchant=shop, **mine.person.facts)[1]
        has_row.set()
        return place_order(
            merchant=shop,
            customer=owner,
            basket=mine.basket,
            contact=mine.contact,
            language="en",
            device=mine.device,
            asked=mine.asked,
            hold=hold,
        )

    def hold_together(merchant, wishes):
        tries["together"] += 1
        assert has_row.wait(5)
        held = hold_each(merchant, wishes)
        has_stock.set()
        step("together")
        return held

    crowd = GroupCommit(partial(by, hold_together, shop))
    results = at_once(
        [lambda: order_once(asked=mine.asked, act=place)[0], lambda: crowd.ask(shop.pk, again)]
    )
    assert {str(one) for one in results} == set(Order.objects.values_list("number", flat=True))
    assert orders() == 2
    assert max(tries.values()) > 1, "they never waited for each other"
    assert Customer.objects.count() == 1
    assert nothing_is_broken()
