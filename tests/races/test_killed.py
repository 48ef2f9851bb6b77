"""kill -9 at the places where it would hurt: nothing is lost and nothing happens twice.

A worker dies at a place that is named, by its own hand; a web server dies amid what many ask of it
at that moment. Then each is started again, and what is due is done.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from livestream.models import Draw, Entry
from livestream.services.draw import close_draw, open_draw
from livestream.services.drop import open_drop
from livestream.services.entry import enter
from merchants.models import Customer, Notification, Stock
from orders.forms.dispatch import written
from orders.models import BankEntry, LedgerEntry, Order, Refund, Shipment, Voucher
from orders.payments import sandbox
from orders.rules.dispatch import Row
from orders.rules.line import LineState
from orders.rules.refund import Leg, RefundKind
from orders.services.coupon import claim_coupon
from orders.services.order import Contact, place_order
from orders.services.payment import open_payment
from orders.services.refund import give_refund, request_refund
from tests.races.shopper import Shopper, at_once, nothing_is_broken
from tests.races.test_restart import kill_amid
from tests.servers import ROOT, database_url, running, session_of, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
FEW, MANY = 3, 12
SECONDS = 60


def placed(shop, variant, number: int, voucher: Voucher | None = None) -> Order:
    customer = voucher.customer if voucher else Customer.objects.create(merchant=shop)
    phone = f"+8613900{number:06}"
    return place_order(
        merchant=shop,
        customer=customer,
        basket={variant.pk: 1},
        contact=Contact("沈梅", phone, address="清河坊"),
        language="en",
        voucher=voucher,
    )


def charged(order: Order) -> sandbox.Callback:
    """The bank has her money; the shop has not heard of it."""
    return sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))


# --- workers --------------------------------------------------------------------------------------


@contextmanager
def worker(database: str, duty: str, place: str = ""):
    """One that does `duty`, and dies at `place`."""
    command = [sys.executable, "-m", "tests.races.worker", duty, *([place] if place else [])]
    environment = {"DEBUG": "1", "DATABASE_URL": database, "LOG_LEVEL": "CRITICAL"}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def dies(database: str, duty: str, place: str) -> None:
    with worker(database, duty, place) as process:
        assert process.wait(SECONDS) == -signal.SIGKILL, "it never came to that place"


@pytest.fixture
def database(transactional_db) -> str:
    return database_url()


@pytest.mark.parametrize(
    "place",
    [
        "orders.tasks:finish_refund",  # the bank has paid, and nothing of it is written down
        "orders.services.payback:post",  # all is written, and nothing committed
        "orders.services.refund_news:refunded",
    ],
)
def test_a_refund_whose_money_is_out_goes_out_once(database, shop, variant, alice, place):  # P6, P7
    for number in range(FEW):
        order = placed(shop, variant, number)
        sandbox.receive(charged(order))
        give_refund(order=order, pieces={order.lines.get().pk: 1}, by=alice)
    dies(database, "orders.tasks:send_refunds", place)
    assert BankEntry.objects.filter(amount__lt=0).count() == 1  # it had paid
    assert not Refund.objects.filter(money=Leg.DONE).exists()
    assert nothing_is_broken()
    Refund.objects.update(next_try_at=timezone.now())  # the dead worker's lease is over
    with worker(database, "orders.tasks:send_refunds"):
        until(lambda: not Refund.objects.exclude(money=Leg.DONE).exists(), SECONDS)
    assert BankEntry.objects.filter(amount__lt=0).count() == FEW
    assert LedgerEntry.objects.filter(reference__startswith="refund:").count() == 2 * FEW
    assert nothing_is_broken()


@pytest.mark.parametrize(
    "place",
    ["orders.services.order:give_back_voucher", "orders.services.order:release"],
)
def test_what_expires_is_given_back_once(database, shop, variant, coupon, place):  # P1, P8
    for number in range(FEW):
        guest = Customer.objects.create(merchant=shop, device=None, phone=f"+86137{number:08}")
        placed(shop, variant, number, claim_coupon(coupon=coupon, customer=guest))
    now = timezone.now()
    Order.objects.update(placed_at=now - timedelta(hours=1), pay_by=now)
    dies(database, "orders.tasks:expire_orders", place)
    assert set(Order.objects.values_list("state", flat=True)) == {LineState.PENDING}
    assert Stock.objects.get(variant=variant).reserved == FEW
    with worker(database, "orders.tasks:expire_orders"):
        until(lambda: not Order.objects.exclude(state=LineState.EXPIRED).exists(), SECONDS)
    assert Stock.objects.get(variant=variant).reserved == 0
    coupon.refresh_from_db()
    assert (coupon.claimed, coupon.redeemed) == (FEW, 0)
    assert nothing_is_broken()


def test_a_draw_that_dies_as_it_is_drawn_has_one_set_of_winners(database, live, host, shop):  # P9
    terms = {"prize": "茶点", "winners": 2, "minutes": 5, "entry_by": "follow"}
    draw = open_draw(room=live, by=host, **terms)
    for _ in range(5):
        enter(draw=draw, customer=Customer.objects.create(merchant=shop, device=uuid.uuid4()))
    close_draw(draw=draw)
    dies(database, "livestream.tasks:sweep_draws", "livestream.services.draw:draw_event")
    assert not Entry.objects.filter(place__isnull=False).exists()
    with worker(database, "livestream.tasks:sweep_draws"):
        until(lambda: Draw.objects.get().state == "drawn", SECONDS)
    assert Entry.objects.filter(place__isnull=False).count() == 2
    assert nothing_is_broken()


def test_a_silent_shop_agrees_once_though_its_worker_dies(database, shop, variant, alice):  # P6
    order = placed(shop, variant, 1)
    sandbox.receive(charged(order))
    request_refund(order=order, pieces={order.lines.get().pk: 1}, kind=RefundKind.MONEY)
    Refund.objects.update(answer_by=timezone.now())
    dies(database, "orders.tasks:agree_refunds", "orders.services.refund:_start_money")
    assert Refund.objects.get().state == "requested"
    assert nothing_is_broken()
    with worker(database, "orders.tasks:agree_refunds"):
        until(lambda: Refund.objects.get().state == "approved", SECONDS)
    assert Stock.objects.get(variant=variant).reserved == 0
    assert nothing_is_broken()


# --- the web server -------------------------------------------------------------------------------


@pytest.fixture
def start(transactional_db, tmp_path):
    """Start a server on the database of the tests; all of them end with the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running(tmp_path / "server", database_url()))


class Bank(Shopper):
    """It calls back as it would over the wire: no cookie, no form."""

    def tell(self, path: str, message: sandbox.Callback) -> int:
        line = http.client.HTTPConnection("localhost", self.server.port, timeout=40)
        try:
            heard = message.heard()
            line.request("POST", path, heard.body, heard.headers)
            return line.getresponse().status
        finally:
            line.close()


def test_a_server_that_dies_amid_callbacks_claims_and_a_sheet(  # P3, P4, P8, P12
    start, shop, live, cup, coupon, as_bob
):
    """The money is taken and the bank calls, everybody claims, a clerk ships: and it is killed."""
    variant = cup.variants.get()
    to_pay = [placed(shop, variant, number) for number in range(MANY)]
    to_ship = [placed(shop, variant, MANY + number) for number in range(MANY)]
    for order in to_ship:
        sandbox.receive(charged(order))
    messages = [charged(order) for order in to_pay]
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    rows = [Row(n, o.number, "sf", f"SF{n:07}") for n, o in enumerate(to_ship, 2)]

    server = start()
    guests = [Shopper(server) for _ in range(MANY)]
    for guest in guests:
        assert guest.get(f"/live/{live.public_id}/").status == 200
    clerk = Shopper(server, {django_settings.SESSION_COOKIE_NAME: session_of(as_bob)})
    bank = Bank(server)
    hook = reverse("track:notify", args=["sandbox", shop.slug])
    claim = f"/live/{live.public_id}/drops/{drop.public_id}/claim/"
    sheet = reverse("orders:order_dispatch_apply", args=[shop.slug])
    acts: list[Callable[[], object]] = [lambda: clerk.post(sheet, {"rows": written(rows)})]
    acts += [lambda g=guest: g.post(claim) for guest in guests]
    acts += [lambda m=message: bank.tell(hook, m) for message in messages]

    broken = 0
    for _ in range(2):
        results = kill_amid(server, acts, random.uniform(0.1, 0.6))
        broken += sum(isinstance(one, Exception) for one in results)
        assert nothing_is_broken()
        server = start()
        for one in (*guests, clerk, bank):
            one.server = server
    assert broken > 0, "the server was killed after everything was done"

    assert not [one for one in at_once(acts) if isinstance(one, Exception)]  # everybody tries again
    assert {order.state for order in _again(to_pay)} == {LineState.PAID}
    assert {order.state for order in _again(to_ship)} == {LineState.SHIPPED}
    assert Shipment.objects.count() == MANY
    assert LedgerEntry.objects.filter(account="gateway").count() == 2 * MANY
    coupon.refresh_from_db()
    assert coupon.claimed == Voucher.objects.filter(coupon=coupon).count() == MANY
    for kind, count in (("order_paid", 2 * MANY), ("shipped", MANY)):
        assert Notification.objects.filter(channel="sms", kind=kind).count() == count
    assert nothing_is_broken()


def test_money_taken_as_the_server_dies_is_found_without_a_callback(start, shop, cup):  # P3
    """The bank has it, the callback came to a dead shop and never comes again."""
    orders = [placed(shop, cup.variants.get(), number) for number in range(FEW)]
    for order in orders:
        charged(order)
    server = start()
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    start()
    until(lambda: {o.state for o in _again(orders)} == {LineState.PAID}, SECONDS)
    assert time.monotonic() - began < 300
    assert LedgerEntry.objects.filter(account="gateway").count() == FEW
    assert nothing_is_broken()


def _again(orders: list[Order]) -> list[Order]:
    return list(Order.objects.filter(pk__in=[one.pk for one in orders]))
