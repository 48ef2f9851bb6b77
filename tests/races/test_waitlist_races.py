"""The line, the sweeps and passers-by at the same moment: a piece is promised once (P1)."""

from __future__ import annotations

import time

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from merchants.errors import OutOfStock
from merchants.models import Customer, Stock
from merchants.rules.stock import Reason
from merchants.selectors.invariant import offenders
from merchants.services.stock import change_stock, reserve
from orders.errors import OfferOver, TooManyOpen
from orders.models import Order, Waiting
from orders.rules.waitlist import OFFER, WaitState
from orders.selectors.invariant import INVARIANTS
from orders.services import waitlist
from orders.services.order import place_order
from orders.services.waitlist import buy_in_turn, leave_waitlist
from orders.tasks import serve_waitlists
from tests.conftest import DAN, product_of, stand_in_line
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]


@pytest.fixture
def line(transactional_db, shop, store) -> list[Waiting]:
    """Five wait for a pot, and three pots come in."""
    pot = product_of(shop, "紫砂壶", 38800, 0).variants.get()
    found = [stand_in_line(pot) for _who in range(5)]
    change_stock(variant=pot, store=store, delta=3, reason=Reason.RECEIVED, by=None)
    return found


def order_of(waiting: Waiting) -> dict:
    customer = Customer.objects.create(merchant=waiting.merchant)
    fields = {"merchant": waiting.merchant, "customer": customer, "contact": DAN, "language": "en"}
    return fields | {"basket": {waiting.variant_id: 1}}


def offered() -> int:
    return Waiting.objects.filter(state=WaitState.OFFERED).count()


def trouble(results: list[object]) -> list[object]:
    known = (OutOfStock, TooManyOpen, OfferOver)
    return [one for one in results if isinstance(one, Exception) and not isinstance(one, known)]


def test_sweeps_and_passers_by_promise_each_piece_once(line):
    passers_by = [order_of(line[0]) for _who in range(4)]
    acts = [serve_waitlists] * 6 + [lambda w=w: place_order(**w) for w in passers_by]
    assert trouble(at_once(acts)) == []
    assert offered() + Order.objects.count() == 3
    assert Stock.objects.get(variant=line[0].variant).reserved == 3
    assert nothing_is_broken()


def test_bought_and_let_go_at_once_is_one_of_both(line):
    serve_waitlists()
    first, wanted = Waiting.objects.get(pk=line[0].pk), order_of(line[0])
    acts = [lambda: buy_in_turn(waiting=first, **wanted)] * 3
    acts += [lambda: leave_waitlist(waiting=Waiting.objects.get(pk=first.pk))] * 3
    acts += [serve_waitlists] * 2
    assert trouble(at_once(acts)) == []
    first.refresh_from_db()
    assert (first.state == WaitState.TAKEN) == (Order.objects.count() == 1)
    serve_waitlists()
    assert offered() + Order.objects.count() == 3
    assert nothing_is_broken()


def test_looking_who_is_next_and_holding_then_promises_twice(line):
    """The negative control: without a guard in the write two sweeps offer to the same person."""

    def careless() -> None:
        first = Waiting.objects.filter(state=WaitState.WAITING).order_by("pk")[0]
        time.sleep(0.1)
        reserve(merchant=first.merchant, basket={first.variant_id: 1}, reference=first.reference)
        Waiting.objects.filter(pk=first.pk).update(
            state="offered", offer_until=timezone.now() + OFFER
        )

    at_once([careless] * 3)
    broken = [one.invariant for one in offenders(INVARIANTS, timezone.now())]
    assert broken == ["an offer holds its pieces, and nothing else of the line holds any"]


def two_stores(shop, store, monkeypatch) -> tuple[Waiting, int]:
    """Her pot lies in the second store, where another is free, as one is in the first; and whoever
    gives pieces back takes his time.
    """
    pot = product_of(shop, "盖碗", 9900, 0).variants.get()
    second = shop.stores.create(name="西湖店", city="杭州", position=store.position + 1)
    hers = stand_in_line(pot)
    change_stock(variant=pot, store=second, delta=1, reason=Reason.RECEIVED, by=None)
    serve_waitlists()
    for place in (store, second):
        change_stock(variant=pot, store=place, delta=1, reason=Reason.RECEIVED, by=None)
    real = waitlist.release

    def slow(**what):
        real(**what)
        time.sleep(0.5)

    monkeypatch.setattr(waitlist, "release", slow)
    return Waiting.objects.get(pk=hers.pk), pot.pk


def crossed(hers: Waiting, pot: int) -> list[object]:
    """She buys what is held for her while another buys one in each store."""
    mine, other = order_of(hers), order_of(hers) | {"basket": {pot: 2}}

    def late():
        time.sleep(0.2)
        return place_order(**other)

    return at_once([lambda: buy_in_turn(waiting=hers, **mine), late])


def test_giving_back_and_holding_again_waits_for_nobody_who_waits(line, shop, store, monkeypatch):
    results = crossed(*two_stores(shop, store, monkeypatch))
    assert [type(one) for one in results] == [Order, Order]
    assert nothing_is_broken()


def test_without_the_locks_first_two_wait_for_each_other(line, shop, store, monkeypatch):
    """The negative control; SQLite has one writer at a time, and nobody to wait for."""
    monkeypatch.setattr(waitlist, "lock_stock", lambda **_all: None)
    results = crossed(*two_stores(shop, store, monkeypatch))
    deadlocks = [one for one in results if isinstance(one, OperationalError)]
    assert len(deadlocks) == (connection.vendor == "postgresql")
