"""A show that goes on while things break: nothing acknowledged is lost or doubled.

SOAK_MINUTES makes it longer (`make soak`: twenty), SOAK_VIEWERS larger. Each minute has one fault.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from livestream.models import Message, Publication, Room
from livestream.services.drop import open_drop
from livestream.services.shelf import add_to_shelf
from merchants.models import Variant
from orders.models import Coupon, Order, Voucher
from tests.conftest import product_of
from tests.races.shopper import Shopper, nothing_is_broken
from tests.servers import ROOT, guest_session, until
from tests.soak.house import House

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("alone"),
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed"),
]
MINUTES = float(os.environ.get("SOAK_MINUTES", "2"))
VIEWERS = int(os.environ.get("SOAK_VIEWERS", "200"))
TALKERS = 40
HEARTS = 3  # with each line of a talker
PAUSE = 4.0  # seconds between two lines of one talker
GROWTH = 40 * 1024 * 1024  # bytes that the web process may grow once everybody is in


@contextmanager
def crowd(house: House, room: Room, tmp_path: Any) -> Iterator[subprocess.Popen[str]]:
    job = tmp_path / "crowd.json"
    job.write_text(
        json.dumps(
            {
                "port": house.web.port,
                "origin": house.web.url,
                "path": f"/ws/live/{room.public_id}/",
                "cookie": settings.SESSION_COOKIE_NAME,
                "cookies": [guest_session(f"Guest {number}") for number in range(TALKERS)],
                "viewers": VIEWERS,
                "pause": PAUSE,
                "hearts": HEARTS,
            }
        )
    )
    command = [sys.executable, "-m", "tests.soak.crowd", str(job)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
    try:
        assert json.loads(line_of(process)) == {"in": VIEWERS}
        yield process
    finally:
        process.kill()
        process.wait()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


class Buyers:
    """Somebody buys every two seconds and half of them pay; everybody claims what is dropped."""

    def __init__(self, house: House, room: Room, variant: Variant) -> None:
        self.house, self.room, self.variant = house, room, variant
        self.placed: list[str] = []
        self.trouble: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Buyers:
        self._thread.start()
        return self

    def __exit__(self, *trouble: Any) -> None:
        self._over.set()
        self._thread.join(60)

    def _go_on(self) -> None:
        try:
            for turn in itertools.count():
                if self._over.wait(2):
                    return
                self._buy(pay=turn % 2 == 0)
        finally:
            connection.close()

    def _buy(self, *, pay: bool) -> None:
        dan = Shopper(self.house.web)
        path = f"/live/{self.room.public_id}/"
        form = dan.sheet(self.room.public_id, self.variant.pk)
        drop = self.room.drops.filter(ends_at__gt=timezone.now(), withdrawn_at=None).last()
        if drop is not None:
            claimed = dan.post(f"{path}drops/{drop.public_id}/claim/")
            if claimed.status not in {200, 409}:  # 409: all copies are gone
                self.trouble.append(f"claim {claimed.status}")
        answer = dan.post(f"{path}checkout/", form)
        if answer.status != 200:
            self.trouble.append(f"checkout {answer.status}")
            return
        number = Order.objects.latest("pk").number
        self.placed.append(number)
        if pay and dan.post(f"/orders/{number}/pay/").status != 200:
            self.trouble.append(f"pay {number}")


def faults(
    house: House, talkers: subprocess.Popen[str]
) -> Iterator[tuple[str, Callable[[], None]]]:
    """One after the other, again and again."""
    return itertools.cycle(
        [
            ("sockets cut", lambda: tell(talkers, "cut")),
            ("ffmpeg killed", house.kill_encoder),
            ("Redis flushed", house.flush_redis),
            ("worker killed", house.kill_worker),
        ]
    )


def test_a_show_goes_on_whatever_breaks(transactional_db, shop, live, coupon, tmp_path):
    product = product_of(shop, "Soak", 15_000, 5_000)
    variant = add_to_shelf(room=live, product=product).product.variants.get()
    Coupon.objects.update(issued=10_000)
    house = House(tmp_path / "web", live.public_id)
    (tmp_path / "web").mkdir()
    with house.open(), crowd(house, live, tmp_path) as talkers:
        until(house.encoders, 60)
        with Buyers(house, live, variant) as buyers:
            held = weather_the_faults(house, talkers, live, coupon)
        tell(talkers, "end")
        report = json.loads(line_of(talkers))
        until(lambda: Publication.objects.filter(room=live, ended_at=None).exists(), 15)
        time.sleep(5)  # hearts are saved, facts are heard
        print_figures(held, report, buyers)
        nothing_said_is_lost_or_doubled(live, report)
        nothing_sold_is_lost(buyers)
        assert house.encoders(), "nobody films any more"
        assert Room.objects.get(pk=live.pk).state == "live"
        assert nothing_is_broken()
    assert held[-1] - held[0] < GROWTH, f"{[size >> 20 for size in held]} MB"


def weather_the_faults(house: House, talkers: Any, room: Room, coupon: Coupon) -> list[int]:
    """Break something each minute; what the web process held then, in bytes."""
    held = []
    coming = faults(house, talkers)
    for minute in range(max(int(MINUTES * 60 / min(60, MINUTES * 15)), 4)):
        time.sleep(min(60, MINUTES * 15) / 2)
        held.append(house.memory())
        if minute % 4 == 0:
            open_drop(room=room, coupon=coupon, minutes=3)
        name, happen = next(coming)
        print(f"minute {minute + 1}: {name}, {held[-1] >> 20} MB", flush=True)
        happen()
        time.sleep(min(60, MINUTES * 15) / 2)
    held.append(house.memory())
    return held


def nothing_said_is_lost_or_doubled(room: Room, report: dict[str, Any]) -> None:
    said = dict(Message.objects.filter(room=room, kind="say").values_list("client_key", "pk"))
    assert report["unanswered"] == 0
    assert report["acked"] == said  # every acknowledged line is a row, once, and no other is
    everything = sorted(Message.objects.filter(room=room).values_list("pk", flat=True))
    for first, seen in report["seen"]:
        assert seen == [id_ for id_ in everything if id_ >= first]
    # Hearts are not acknowledged: those on the way when a socket is cut are gone, and no others.
    likes = Room.objects.get(pk=room.pk).likes
    assert report["tapped"] - HEARTS * report["cuts"] <= likes <= report["tapped"]


def nothing_sold_is_lost(buyers: Buyers) -> None:
    assert buyers.trouble == []
    assert len(set(buyers.placed)) == len(buyers.placed) == Order.objects.count()
    assert Voucher.objects.count() > 0


def print_figures(held: list[int], report: dict[str, Any], buyers: Buyers) -> None:
    print(
        f"{VIEWERS} viewers, {len(report['acked'])} lines kept, {report['tapped']} hearts, "
        f"{len(buyers.placed)} orders, {report['cuts']} cuts {report['closed']}, "
        f"{held[0] >> 20} → {held[-1] >> 20} MB"
    )
