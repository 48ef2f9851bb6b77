"""Several clerks pack one order at the same moment, and two sweeps ask about one parcel."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.errors import WrongState
from orders.models import Order, ParcelEvent, Shipment
from orders.payments import sandbox
from orders.rules.tracking import ParcelState, Seen
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.shipment import confirm_delivery, ship_order
from orders.services.tracking import lease, note_events
from tests.conftest import DAN
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]


@pytest.fixture
def two(transactional_db, shop, dan, variant, cup) -> Order:
    """An order of two lines, paid."""
    basket = {variant.pk: 2, cup.variants.get().pk: 3}
    order = place_order(merchant=shop, customer=dan, basket=basket, contact=DAN, language="en")
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def refusals(results: list[object]) -> list[object]:
    return [one for one in results if isinstance(one, Exception)]


def test_a_line_leaves_in_one_parcel_however_many_clerks_pack_it(two, alice):
    tea, cups = two.lines.values_list("pk", flat=True)

    def pack(*lines: int) -> Shipment:
        seen = Order.objects.get(pk=two.pk)
        facts = {"carrier": "sf", "tracking_number": "SF123456", "by": alice}
        return ship_order(order=seen, lines=lines, **facts)

    acts = [lambda: pack(tea), lambda: pack(tea, cups), lambda: pack(cups)]
    results = at_once(acts * 4)
    assert all(isinstance(one, WrongState) for one in refusals(results))
    assert len(results) - len(refusals(results)) == two.shipments.count() <= 2
    assert not two.lines.exclude(state="shipped").exists()
    assert nothing_is_broken()


def test_two_sweeps_ask_once_and_the_same_news_is_written_once(two, alice):
    parcel = ship_order(order=two, carrier="sf", tracking_number="SF123456", by=alice)
    now = timezone.now()
    assert sum(at_once([lambda: lease(shipment=parcel, now=now)] * 6)) == 1
    seen = [
        Seen(now, "已签收", ParcelState.DELIVERED),
        Seen(now - timedelta(hours=3), "正在派件", ParcelState.DELIVERING),
    ]

    def hear() -> int:
        fresh = Shipment.objects.select_related("order__merchant").get(pk=parcel.pk)
        return note_events(shipment=fresh, seen=seen)

    def mark() -> Order:
        return confirm_delivery(order=Order.objects.get(pk=two.pk), by=alice)

    results = at_once([hear, hear, hear, mark])
    assert all(isinstance(one, WrongState) for one in refusals(results))
    assert ParcelEvent.objects.count() == 2
    assert two.steps.filter(state="delivered").count() == 1
    assert nothing_is_broken()
