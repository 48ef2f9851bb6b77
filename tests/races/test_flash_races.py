"""Flash sales are announced, bought from and closed at the same moment (P1, P17)."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from livestream.errors import FlashOver
from livestream.models import FlashSale, Room, Sale
from livestream.services import flash as flash_service
from livestream.services import rush
from livestream.services.flash import announce_flash
from livestream.services.room import end_room
from livestream.services.sale import buy_in_room
from merchants.models import Customer, Variant
from orders.models import Order
from orders.services.order import Contact
from tests.orders.test_order_batch import wish
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="where rows are locked one by one"
    ),
]


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def until_somebody_waits() -> None:
    until = time.monotonic() + 5
    while not waits_for_a_lock() and time.monotonic() < until:
        time.sleep(0.02)
    assert waits_for_a_lock()


def test_a_sale_is_announced_while_an_order_of_it_is_open(live, shop, longjing):
    variant = longjing.variants.get()
    written = threading.Event()

    def order() -> None:
        guest = Customer.objects.create(merchant=shop, device=uuid.uuid4())
        with transaction.atomic():
            buy_in_room(
                room=live,
                customer=guest,
                basket={variant.pk: 1},
                contact=Contact("n", "+8613800000200", address="x", region="CN-ZJ"),
                language="en",
                voucher=None,
                device=guest.device,
                expected_total=None,
            )
            written.set()  # it holds the stock; its end has yet to see that the room is there
            until_somebody_waits()  # it is the announcement, for the stock

    def announce() -> FlashSale:
        assert written.wait(5)
        return announce_flash(
            room=live,
            item=live.items.get(product=longjing),
            variant=variant,
            price=6800,
            quota=2,
            per_buyer=1,
            warm_up=30,
            minutes=5,
        )

    results = at_once([order, announce])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert Sale.objects.count() == FlashSale.objects.count() == 1
    assert nothing_is_broken()


def announced(room: Room, variants: list[Variant], warm_up: int = 0) -> list[FlashSale]:
    """A sale of each, in this order, that has begun; the first `warm_up` of them have not."""
    sales = [
        announce_flash(
            room=room,
            item=room.items.get(product=one.product),
            variant=one,
            price=100,
            quota=2,
            per_buyer=1,
            warm_up=30,
            minutes=5,
        )
        for one in variants
    ]
    begun = timezone.now() - timedelta(seconds=1)
    running = FlashSale.objects.filter(pk__in=[sale.pk for sale in sales[warm_up:]])
    running.update(announced_at=begun, starts_at=begun)
    return sales


@pytest.fixture
def two(live, longjing, cup) -> list[Variant]:
    """In the order in which they are locked."""
    pair = [longjing.variants.get(), cup.variants.get()]
    return sorted(pair, key=lambda one: one.pk)


def while_she_buys_both(
    monkeypatch, room: Room, two: list[Variant], act: Callable[[], Any], *, after: tuple[Any, str]
) -> list[Any]:
    """What came of `act` and of her cart, which comes when `act` has called `after` once."""
    module, name = after
    halfway, real = threading.Event(), getattr(module, name)
    acting: list[threading.Thread] = []

    def then_she_comes(*args: Any, **facts: Any) -> Any:
        done = real(*args, **facts)
        if threading.current_thread() in acting and not halfway.is_set():
            halfway.set()
            until_somebody_waits()  # it is she
        return done

    monkeypatch.setattr(module, name, then_she_comes)
    guest = Customer.objects.create(merchant=room.merchant, device=uuid.uuid4())

    def one() -> Any:
        acting.append(threading.current_thread())
        return act()

    def she() -> Order:
        assert halfway.wait(5)
        return buy_in_room(
            room=room,
            customer=guest,
            basket={variant.pk: 1 for variant in two},
            contact=Contact("n", "+8613800000200", address="x", region="CN-ZJ"),
            language="en",
            voucher=None,
            device=guest.device,
            expected_total=None,
        )

    return at_once([one, she])


def test_a_crowd_and_a_cart_lock_two_sales_in_one_order(live, two, monkeypatch):
    announced(live, two[::-1])  # the later sale is of the variant that is locked first
    wishes = [wish(one) for one in two]
    results = while_she_buys_both(
        monkeypatch,
        live,
        two,
        lambda: rush._each([(live, one) for one in wishes]),
        after=(rush, "_from_quota"),
    )
    assert [one for one in results if isinstance(one, Exception)] == []
    assert set(FlashSale.objects.values_list("sold", flat=True)) == {2}
    assert nothing_is_broken()


@transaction.atomic
def lock_by_id(sales: list[FlashSale]) -> None:
    for sale in sales:
        _lock(sale)


def _lock(sale: FlashSale) -> None:
    FlashSale.objects.select_for_update(no_key=True).get(pk=sale.pk)


def test_locked_by_their_ids_they_wait_for_each_other(live, two, monkeypatch):
    """The negative control."""
    sales = announced(live, two[::-1])
    results = while_she_buys_both(
        monkeypatch,
        live,
        two,
        lambda: lock_by_id(sales),
        after=(sys.modules[__name__], "_lock"),
    )
    assert [type(one) for one in results if isinstance(one, Exception)] == [OperationalError]


@pytest.mark.parametrize("warm_up", [0, 1], ids=["both run", "one warms up"])
def test_a_show_ends_while_a_cart_with_two_sales_is_bought(live, two, monkeypatch, warm_up):
    announced(live, two, warm_up)
    ended, refused = while_she_buys_both(
        monkeypatch, live, two, lambda: end_room(room=live), after=(flash_service, "release")
    )
    assert isinstance(ended, Room), ended
    assert isinstance(refused, FlashOver), refused
    assert not FlashSale.objects.filter(closed_at=None).exists()
    assert nothing_is_broken()
