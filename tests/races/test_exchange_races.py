"""Two clerks agree at once, and two buyers want the last piece in exchange."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection
from django.db.models import F

from merchants.errors import OutOfStock
from merchants.models import Customer, Reservation, Stock, Variant
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.errors import RefundMoved, WrongState
from orders.models import Order, Payment, Refund
from orders.payments import sandbox
from orders.rules.refund import RefundKind
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund, take_back, withdraw_refund
from orders.services.shipment import ship_order
from tests.conftest import DAN
from tests.races.shopper import at_once, nothing_is_broken
from tests.races.test_refund_races import refusals

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
BUYERS, LEFT = 8, 3


@pytest.fixture
def large(transactional_db, variant, store) -> Variant:
    """Another size of the tea, of which few are left."""
    other = Variant.objects.create(
        merchant=variant.merchant,
        product=variant.product,
        name="Large",
        sku="large",
        price=variant.price,
    )
    change_stock(variant=other, store=store, delta=LEFT, reason=Reason.RECEIVED, by=None)
    return other


def asked(shop, variant, large, alice) -> Refund:
    """Somebody who has a small one wants a large one."""
    guest = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    order = place_order(
        merchant=shop,
        customer=guest,
        basket={variant.pk: 1},
        contact=replace(DAN, phone=f"+86138{guest.pk:08}"),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=alice)
    line = order.lines.get()
    return request_refund(
        order=order, pieces={line.pk: 1}, kind=RefundKind.EXCHANGE, wanted={line.pk: large.pk}
    )


def test_the_last_pieces_are_promised_to_so_many_as_there_are(shop, variant, large, alice):
    refunds = [asked(shop, variant, large, alice) for _buyer in range(BUYERS)]
    results = at_once(
        [lambda r=one: approve_refund(refund=r, version=r.version, by=alice) for one in refunds]
    )
    refused = refusals(results)
    assert len(refused) == BUYERS - LEFT
    assert all(isinstance(one, OutOfStock) for one in refused)
    stock = Stock.objects.get(variant=large)
    assert (stock.on_hand, stock.reserved) == (LEFT, LEFT)
    assert nothing_is_broken()


def test_two_clerks_agree_and_one_piece_is_put_aside(shop, variant, large, alice):
    refund = asked(shop, variant, large, alice)
    facts = {"refund": refund, "version": refund.version}
    acts = [
        lambda: approve_refund(**facts, by=alice),
        lambda: approve_refund(**facts, by=alice, money=True),
        lambda: withdraw_refund(**facts),
    ]
    results = at_once(acts * 4)
    assert len(refusals(results)) == 11
    assert all(isinstance(one, RefundMoved | WrongState) for one in refusals(results))
    assert nothing_is_broken()


def test_it_came_back_once_and_one_replacement_goes_out(shop, variant, large, alice, store):
    refund = asked(shop, variant, large, alice)
    refund = approve_refund(refund=refund, version=refund.version, by=alice)
    facts = {"refund": refund, "version": refund.version}
    acts = [
        lambda: take_back(**facts, by=alice, store=store),
        lambda: withdraw_refund(**facts),
    ]
    results = at_once(acts * 5)
    assert len(refusals(results)) == 9
    assert all(isinstance(one, RefundMoved | WrongState) for one in refusals(results))
    refund.refresh_from_db()
    sent = Order.objects.filter(lines__variant=large).count()
    assert sent == (refund.replacement_id is not None)
    assert Payment.objects.filter(gateway="nothing").count() == sent
    assert nothing_is_broken()


def test_looking_first_and_putting_aside_then_goes_wrong(large):
    """The negative control: what was seen free before is promised, and the write asks nothing."""
    at = Stock.objects.get(variant=large)

    def look_then_write() -> None:
        if connection.vendor == "sqlite":  # the second lock on the door is open as well
            connection.cursor().execute("PRAGMA ignore_check_constraints = ON")
        seen = Stock.objects.get(pk=at.pk)
        time.sleep(0.1)
        if seen.available >= 1:
            Stock.objects.filter(pk=at.pk).update(reserved=F("reserved") + 1)

    results = at_once([look_then_write] * BUYERS)
    promised = Stock.objects.get(pk=at.pk).reserved
    # SQLite promises too many; on PostgreSQL the CHECK constraint stops the clerk.
    assert promised > LEFT or any(isinstance(one, IntegrityError) for one in results)
    assert not Reservation.objects.exists()
