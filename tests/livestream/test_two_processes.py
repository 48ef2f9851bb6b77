"""One room in two processes, joined by Redis; and what is left when Redis dies (P13)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.servers import Server, database_url, guest_session, redis, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("alone"),
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed"),
]


@dataclass
class House:
    """Two servers and the Redis between them."""

    one: Server
    two: Server
    redis: subprocess.Popen[bytes]


@pytest.fixture
def house(transactional_db, tmp_path) -> Iterator[House]:
    with (
        redis() as (url, process),
        running(tmp_path / "one", database_url(), REDIS_URL=url) as one,
        running(tmp_path / "two", database_url(), REDIS_URL=url) as two,
    ):
        yield House(one, two, process)


def test_a_room_is_one_room_in_two_processes(house, live):
    path = f"/ws/live/{live.public_id}/"
    with (
        house.one.line(path, guest_session("Dan")) as dan,
        house.two.line(path, guest_session("Eve")) as eve,
    ):
        dan.wait("seat.taken")
        eve.wait("seat.taken")
        dan.say("from one")
        assert eve.wait("chat.said", seconds=4)["text"] == "from one"
        eve.say("from two")
        assert dan.wait("chat.said", text="from two", seconds=4)["name"] == "Eve"
        dan.wait("viewers.counted", count=2)
        eve.wait("viewers.counted", count=2)
        dan.send({"type": "like", "n": 3})
        eve.send({"type": "like", "n": 4})
        dan.wait("likes.counted", total=7)
        eve.wait("likes.counted", total=7)


def test_a_device_in_two_processes_is_one_viewer(house, live):
    path, dan = f"/ws/live/{live.public_id}/", guest_session("Dan")
    with (
        house.one.line(path, dan) as here,
        house.two.line(path, dan) as there,
        house.two.line(path, guest_session("Eve")) as eve,
    ):
        for line in (here, there, eve):
            line.wait("seat.taken")
        here.wait("viewers.counted", count=2, seconds=8)
        eve.wait("viewers.counted", count=2, seconds=8)
        for line in (here, there, eve):
            line.drain(4)  # it stays so
            assert line.of("viewers.counted")[-1]["count"] == 2
        house.two.process.kill()
        here.wait("viewers.counted", count=1, seconds=12)


def test_without_redis_the_rows_count_a_device_in_two_processes_once(house, live):  # P13
    path, dan = f"/ws/live/{live.public_id}/", guest_session("Dan")
    with (
        house.one.line(path, dan) as here,
        house.two.line(path, dan) as there,
        house.two.line(path, guest_session("Eve")) as eve,
    ):
        for line in (here, there, eve):
            line.wait("viewers.counted", count=2, seconds=8)
        house.redis.kill()
        began = time.monotonic()
        with house.two.line(path, guest_session("Lin")) as lin:
            lin.wait("seat.taken")
            here.wait("viewers.counted", count=3, seconds=40)  # told by nobody, found in the rows
            print(f"found in the rows after {time.monotonic() - began:.0f} s")
            assert 1 not in [event["count"] for event in here.of("viewers.counted")[1:]]
            assert 4 not in [event["count"] for event in there.of("viewers.counted")]


@pytest.mark.parametrize("trouble", [signal.SIGKILL, signal.SIGSTOP])  # dead, and hanging
def test_without_redis_a_process_hears_itself_and_rows_reach_the_other(house, live, trouble):
    path = f"/ws/live/{live.public_id}/"
    with (
        house.one.line(path, guest_session("Dan")) as dan,
        house.one.line(path) as near,
        house.two.line(path) as far,
    ):
        for line in (dan, near, far):
            line.wait("seat.taken")
        house.redis.send_signal(trouble)
        began = time.monotonic()
        dan.wait("chat.accepted", key=dan.say("still open"), seconds=2)
        near.wait("chat.said", text="still open", seconds=5)  # the layer gets two seconds
        far.wait("chat.said", text="still open", seconds=15)  # healed from the rows
        with urllib.request.urlopen(f"{house.one.url}/live/{live.public_id}/", timeout=8) as page:
            assert page.status == 200
        assert time.monotonic() - began < 20

        with house.two.line(path, guest_session("Lin")) as late:  # and the door is open
            late.wait("seat.taken")
            late.wait("chat.accepted", key=late.say("me too"), seconds=4)
