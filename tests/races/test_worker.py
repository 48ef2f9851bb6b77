"""Workers that are killed lose no news, and a gateway that hangs never stops a sale (P12, P13)."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from merchants.models import Merchant, Notification
from merchants.rules.notification import Channel
from merchants.services.notification import notify
from orders.models import Order
from orders.rules.line import LineState
from orders.services.order import place_order
from tests.conftest import DAN
from tests.races.shopper import Shopper, nothing_is_broken
from tests.races.sink import Sink, listening
from tests.servers import ROOT, Server, database_url, running, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
MAILS = 30
KILLS = 6
QUICK = 1.9  # seconds: a page takes a tenth; a silent Redis is given two, a gateway sixty


@contextmanager
def working(sink: Sink, database: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process whose lease is a second, killed at the end of the block."""
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DATABASE_URL": database,
        "EMAIL_URL": sink.url,
        "NOTIFICATION_LEASE": "1",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.races.worker"], cwd=ROOT, env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as sink:
        yield sink


@pytest.fixture
def database(transactional_db) -> str:
    return database_url()


def write(shop: Merchant, count: int) -> set[str]:
    """So many mails that are due; their Message-IDs."""
    for number in range(count):
        notify(
            merchant=shop,
            channel=Channel.EMAIL,
            kind="test",
            key=f"mail:{number}",
            to="dan@example.com",
            subject="Hello",
            body="Text",
            language="en",
        )
    return {f"<email.mail.{number}@guitai>" for number in range(count)}


def all_sent() -> bool:
    return not Notification.objects.filter(sent_at=None).exists()


def test_a_worker_killed_at_any_moment_loses_nothing(database, shop, sink):  # P12
    wanted = write(shop, MAILS)
    sink.delay = 0.05
    for _ in range(KILLS):
        with working(sink, database):
            before = sink.accepted.total()
            until(lambda before=before: sink.accepted.total() > before or all_sent(), 40)
            time.sleep(random.uniform(0, 0.2))
    with working(sink, database):
        until(all_sent, 40)
    assert set(sink.accepted) == wanted  # a sink that looks at the Message-ID has each once
    # One that does not has at most one copy more per kill: between its 250 and our mark.
    assert sink.accepted.total() - MAILS <= KILLS
    assert nothing_is_broken()


def test_killed_between_claim_and_delivery_it_is_sent_once(database, shop, sink):  # P12
    wanted = write(shop, 3)
    for _ in range(3):
        reached, go_on = threading.Event(), threading.Event()

        def hold(reached=reached, go_on=go_on) -> None:
            reached.set()
            go_on.wait(40)
            raise ConnectionAbortedError  # the worker is dead, and nothing was accepted

        sink.before = hold
        with working(sink, database):
            assert reached.wait(40)
        go_on.set()
    claimed = Notification.objects.filter(sent_at=None, attempts__gt=0)
    assert claimed.exists()
    assert not sink.accepted
    sink.before = lambda: None
    with working(sink, database):
        until(all_sent, 40)
    assert sink.accepted == dict.fromkeys(wanted, 1)


def test_two_workers_share_the_work(database, shop, sink):
    wanted = write(shop, MAILS)
    sink.delay = 0.01
    with working(sink, database), working(sink, database):
        until(all_sent, 60)
    assert sink.accepted == dict.fromkeys(wanted, 1)


def test_a_mail_server_that_is_down_is_tried_again(database, shop, sink):
    write(shop, 1)
    dead = Sink(port=_closed_port())
    with working(dead, database):
        until(lambda: Notification.objects.get().trouble, 40)
    news = Notification.objects.get()
    assert (news.sent_at, news.claimed_until) == (None, None)
    assert news.due_at > timezone.now()
    Notification.objects.update(due_at=timezone.now())
    with working(sink, database):
        until(all_sent, 40)
    assert sink.accepted.total() == 1


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def sell(server: Server, room: str, variant: int) -> bool:
    """One shopper buys and pays. Whether no request of hers waited for anything outside.

    Looking at the form, which tells nobody anything, says how busy this machine is.
    """
    dan = Shopper(server)
    began = time.monotonic()
    form = dan.sheet(room, variant)
    usual = time.monotonic() - began
    slowest = 0.0
    for path, sent in ((f"/live/{room}/checkout/", form), (None, {})):
        path = path or f"/orders/{Order.objects.order_by('-pk')[0].number}/pay/"
        began = time.monotonic()
        answer = dan.post(path, sent)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status == 200, answer.text
    assert Order.objects.order_by("-pk")[0].state == LineState.PAID
    return slowest < max(QUICK, 4 * usual)


def test_a_gateway_that_hangs_stops_neither_sale_nor_sweep(  # P13
    transactional_db, live, shop, dan, variant, cup, tmp_path
):
    silent = "tests.races.gateway.Silent"
    with running(tmp_path / "server", database_url(), SMS_GATEWAY=silent) as server:
        for _ in range(4):
            assert sell(server, live.public_id, cup.variants.get().pk)
        until(lambda: Notification.objects.filter(attempts__gt=0, channel="sms").exists(), 20)
        wanted = {"merchant": shop, "customer": dan, "basket": {variant.pk: 1}, "contact": DAN}
        order = place_order(**wanted, language="en")
        now = timezone.now()
        Order.objects.filter(pk=order.pk).update(placed_at=now - timedelta(hours=1), pay_by=now)
        assert sell(server, live.public_id, cup.variants.get().pk)
        # The gateway has a thread of the worker; what ran out is given back all the same.
        until(lambda: Order.objects.get(pk=order.pk).state == LineState.EXPIRED, 30)
        assert nothing_is_broken()


@pytest.mark.parametrize("broker", ["dead", "silent"])
def test_a_broker_that_is_dead_or_silent_stops_no_sale(  # P13
    transactional_db, live, cup, tmp_path, broker
):
    """No Redis behind REDIS_URL, or one that accepts and never answers: no worker either."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if broker == "silent":
            listener.listen(128)
        redis = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with running(tmp_path / "server", database_url(), REDIS_URL=redis) as server:
            for _ in range(2):
                assert sell(server, live.public_id, cup.variants.get().pk)
    waiting = Notification.objects.filter(sent_at=None, channel="sms")
    assert waiting.count() == 2  # the news waits for a worker
    assert nothing_is_broken()
