"""A flash sale is announced while an order from the same room is being written (P1, P17)."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from django.db import connection, transaction

from livestream.models import FlashSale, Sale
from livestream.services.flash import announce_flash
from livestream.services.sale import buy_in_room
from merchants.models import Customer
from orders.services.order import Contact
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
            until = time.monotonic() + 5
            while not waits_for_a_lock() and time.monotonic() < until:
                time.sleep(0.02)
            assert waits_for_a_lock()  # it is the announcement, for the stock

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
