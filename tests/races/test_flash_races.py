"""Flash sales are announced, bought from and closed at the same moment (P1, P17)."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from livestream.errors import FlashLimit, FlashOver
from livestream.models import FlashPurchase, FlashSale, Room, Sale
from livestream.services import flash as flash_service
from livestream.services import rush
from livestream.services.room import end_room
from livestream.services.sale import buy_in_room
from merchants.models import Customer, Variant
from orders.models import Order
from orders.services.order import Contact
from tests.livestream.test_flash import announce
from tests.orders.test_order_batch import wish
from tests.races.shopper import at_once, nothing_is_broken, until_somebody_waits

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="where rows are locked one by one"
    ),
]


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

    def open_sale() -> FlashSale:
        assert written.wait(5)
        return announce(live, live.items.get(product=longjing), variant, quota=2, per_buyer=1)

    results = at_once([order, open_sale])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert Sale.objects.count() == FlashSale.objects.count() == 1
    assert nothing_is_broken()


def announced(room: Room, variants: list[Variant], *, begun: int = 2) -> list[FlashSale]:
    """A sale of each, in this order; the first `begun` of them run."""
    sales = [
        announce(room, room.items.get(product=one.product), one, price=100, quota=2, per_buyer=1)
        for one in variants
    ]
    now = timezone.now() - timedelta(seconds=1)
    running = FlashSale.objects.filter(pk__in=[sale.pk for sale in sales[:begun]])
    running.update(announced_at=now, starts_at=now)
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


@pytest.mark.parametrize("begun", [1, 2], ids=["one warms up", "both run"])
def test_a_show_ends_while_a_cart_with_two_sales_is_bought(live, two, monkeypatch, begun):
    announced(live, two if begun == 2 else two[::-1], begun=begun)
    ended, refused = while_she_buys_both(
        monkeypatch, live, two, lambda: end_room(room=live), after=(flash_service, "release")
    )
    assert isinstance(ended, Room), ended
    assert isinstance(refused, FlashOver), refused
    assert not FlashSale.objects.filter(closed_at=None).exists()
    assert nothing_is_broken()


def one_buyer_both_ways(room: Room, variant: Variant, first: str) -> list[Any]:
    """What came of one buyer's two forms, alone and in a crowd: `first` has the sale's row."""
    announced(room, [variant])  # one piece for each buyer
    mine = wish(variant)
    phone, device = mine.contact.phone, mine.device
    she = Customer.objects.create(merchant=room.merchant, phone=phone, device=device)
    taken = threading.Event()

    def alone() -> Any:
        return buy_in_room(
            room=room,
            customer=she,
            basket=mine.basket,
            contact=mine.contact,
            language="en",
            voucher=None,
            device=device,
            expected_total=None,
        )

    def together() -> Any:
        return rush._each([(room, mine)])[0]

    ways = [alone, together] if first == "alone" else [together, alone]

    @transaction.atomic
    def one() -> Any:
        done = ways[0]()
        taken.set()
        until_somebody_waits()
        return done

    def other() -> Any:
        assert taken.wait(5)
        return ways[1]()

    return at_once([one, other])


@pytest.mark.parametrize("first", ["alone", "together"])
def test_one_buyer_has_her_limit_whichever_ways_she_presses(live, variant, first):
    served, refused = one_buyer_both_ways(live, variant, first)
    assert not isinstance(served, Exception)
    assert isinstance(refused, FlashLimit)
    assert FlashPurchase.objects.count() == 1
    assert nothing_is_broken()


def test_counted_before_the_row_is_ours_she_gets_two(live, variant, monkeypatch):
    """The negative control."""
    count, take = rush._bought, rush._from_quota

    def too_early(sale: FlashSale, *wanted: Any) -> Any:
        counted = count(sale, wanted[1])
        monkeypatch.setattr(rush, "_bought", lambda *_later: counted)
        return take(sale, *wanted)

    monkeypatch.setattr(rush, "_from_quota", too_early)
    one_buyer_both_ways(live, variant, "alone")
    assert FlashPurchase.objects.count() == 2
