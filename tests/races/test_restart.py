"""The web server is killed in the middle of many checkouts and comes back (P2, P24)."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone

from merchants.models import Notification
from orders.models import Order
from orders.rules.line import LineState
from tests.races.shopper import Answer, Shopper, at_once, nothing_is_broken, statuses
from tests.servers import Server, database_url, running

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
BUYERS = 50
KILLS = 2


@pytest.fixture
def start(transactional_db, tmp_path):
    """Start a server on the database of the tests; all of them end with the test."""
    with ExitStack() as stack:

        def start() -> Server:
            return stack.enter_context(running(tmp_path / "server", database_url()))

        yield start


def kill_amid(server: Server, acts: list, seconds: float) -> list[Answer | Exception]:
    """Do everything at once, and SIGKILL the server so many seconds later."""
    killer = threading.Timer(seconds, server.process.kill)
    killer.start()
    results = at_once(acts)
    killer.join()
    server.process.wait()
    return results


def test_every_retried_checkout_is_one_order(start, live, scarce):
    variant = scarce("Many", BUYERS).pk
    path = f"/live/{live.public_id}/checkout/"
    server = start()
    crowd = [Shopper(server) for _ in range(BUYERS)]
    forms = [one.sheet(live.public_id, variant) for one in crowd]
    acts = [lambda a=a, f=f: a.post(path, f) for a, f in zip(crowd, forms, strict=True)]

    broken = 0
    for _ in range(KILLS):
        results = kill_amid(server, acts, random.uniform(0.1, 0.9))
        broken += sum(isinstance(one, Exception) for one in results)
        assert {one.status for one in results if isinstance(one, Answer)} <= {200}
        assert nothing_is_broken()
        server = start()
        for one in crowd:
            one.server = server
    assert broken > 0, "the server was killed after everything was done"

    assert statuses(at_once(acts)) == [200] * BUYERS  # she presses again, with the same form
    answered = Order.objects.exclude(request_key=None).values("request_key").distinct()
    assert Order.objects.count() == answered.count() == BUYERS
    assert nothing_is_broken()


def test_a_payment_cut_off_is_paid_when_pressed_again(start, live, scarce):
    """Either it was paid before the cut, news and all, or nothing of it was."""
    variant = scarce("Paid", 10).pk
    server = start()
    crowd = [Shopper(server) for _ in range(10)]
    for one in crowd:
        one.post(f"/live/{live.public_id}/checkout/", one.sheet(live.public_id, variant))
    numbers = list(Order.objects.values_list("number", flat=True))
    pairs = list(zip(crowd, numbers, strict=True))
    acts = [lambda a=a, n=n: a.post(f"/orders/{n}/pay/") for a, n in pairs]

    kill_amid(server, acts, random.uniform(0.1, 0.5))
    assert nothing_is_broken()  # with "every paid order has its news" among it
    server = start()
    for one in crowd:
        one.server = server
    assert statuses(at_once(acts)) == [200] * len(crowd)
    assert set(Order.objects.values_list("state", flat=True)) == {LineState.PAID}
    assert Notification.objects.filter(channel="sms").count() == len(crowd)
    assert nothing_is_broken()


def test_what_ran_out_while_the_server_was_down_is_given_back(start, order, variant):
    now = timezone.now()
    Order.objects.update(placed_at=now - timedelta(hours=1), pay_by=now)
    start()
    until = time.monotonic() + 60
    while Order.objects.get().state != LineState.EXPIRED:
        assert time.monotonic() < until, "no sweep found it"
        time.sleep(0.2)
    assert variant.stock.get().reserved == 0
    assert nothing_is_broken()
