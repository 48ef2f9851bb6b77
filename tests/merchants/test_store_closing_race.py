"""A store is closed at the moment in which something comes into it: one of the two is refused."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction

from merchants.errors import StoreClosed, StoreInUse
from merchants.models import Stock, Stocktake, Store, Variant
from merchants.rules.stock import Reason
from merchants.services import stock as stock_verbs
from merchants.services import stocktake as stocktake_verbs
from merchants.services import store as store_verbs
from merchants.services.merchant import open_merchant
from merchants.services.stock import change_stock, receive_new
from merchants.services.stocktake import begin_stocktake
from merchants.services.store import close_store, save_store
from tests.conftest import person, product_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lake(transactional_db) -> Store:
    owner = person("a@example.com", "A")
    shop = open_merchant(owner=owner, name="Tea", slug="t", store="S", city="C")
    product_of(shop, "Known", 100, 0)
    product_of(shop, "New", 100, 0)
    found = save_store(store=Store(merchant=shop, name="Lake", city="C"))
    Stock.objects.create(variant=known(found), store=found)  # it lay there once
    return found


def known(store: Store) -> Variant:
    return Variant.objects.get(product__name="Known")


def receive(variant: Variant, store: Store) -> None:
    change_stock(variant=variant, store=store, delta=1, reason=Reason.RECEIVED, by=None)


WAYS: dict[str, Callable[[Store], object]] = {
    "a piece more": lambda store: receive(known(store), store),
    "the first piece": lambda store: receive(Variant.objects.get(product__name="New"), store),
    "new goods": lambda store: receive_new(
        pieces={Variant.objects.get(product__name="New"): 3}, store=store, by=None, reference="r"
    ),
    "a count": lambda store: begin_stocktake(store=store, by=store.merchant.staff.get().user),
}


def race(store: Store, way: str) -> None:
    """The way in is gone half, then the store is closed; both end as they may."""
    half, owner = threading.Event(), store.merchant.staff.get().user

    def comes_in() -> None:
        with contextlib.suppress(StoreClosed, OperationalError), transaction.atomic():
            WAYS[way](store)
            half.set()
            time.sleep(0.3)
        half.set()
        connection.close()

    def closes() -> None:
        half.wait()
        with contextlib.suppress(StoreInUse, OperationalError):
            close_store(store=store, by=owner)
        connection.close()

    run(comes_in, closes)


def race_from_behind(store: Store, way: str, monkeypatch) -> None:
    """The store is looked at and nearly closed, then something comes in."""
    half, owner = threading.Event(), store.merchant.staff.get().user
    look = store_verbs.obstacles

    def slow(found: Store) -> list[str]:
        seen = look(found)
        half.set()
        time.sleep(0.3)
        return seen

    monkeypatch.setattr(store_verbs, "obstacles", slow)

    def closes() -> None:
        with contextlib.suppress(StoreInUse, OperationalError):
            close_store(store=store, by=owner)
        connection.close()

    def comes_in() -> None:
        half.wait()
        with contextlib.suppress(StoreClosed, OperationalError):
            WAYS[way](store)
        connection.close()

    run(closes, comes_in)


def run(*acts: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_use_and_closed(store: Store) -> bool:
    there = Stock.objects.filter(store=store, on_hand__gt=0).exists()
    counted = Stocktake.objects.filter(store=store, state="open").exists()
    return (there or counted) and not Store.objects.filter(pk=store.pk).exists()


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_in_first_keeps_the_store_open(lake, way):
    race(lake, way)
    assert not in_use_and_closed(lake)
    assert Store.objects.filter(pk=lake.pk).exists()


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_in_behind_the_look_is_refused(lake, way, monkeypatch):
    race_from_behind(lake, way, monkeypatch)
    assert not in_use_and_closed(lake)
    assert not Store.objects.filter(pk=lake.pk).exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time, lock or not")
@pytest.mark.parametrize("way", WAYS)
def test_without_the_lock_it_is_closed_with_pieces_in_it(lake, way, monkeypatch):
    """The negative control: the race above is one."""
    for module in (stock_verbs, stocktake_verbs):
        monkeypatch.setattr(module, "keep_open", lambda store_id: None)
    race(lake, way) if way != "a count" else race_from_behind(lake, way, monkeypatch)
    assert in_use_and_closed(lake)
