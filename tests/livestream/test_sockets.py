"""A room's socket, over real sockets of a real server process."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from contextlib import ExitStack

import pytest
from django.contrib.sessions.backends.db import SessionStore
from websockets.exceptions import ConnectionClosed, InvalidStatus

from livestream.models import Message
from livestream.services.chat import say
from livestream.services.line import Voice
from merchants.models import Staff
from tests.servers import database_url, guest_session, running, session_of

pytestmark = pytest.mark.slow


@pytest.fixture
def path(live) -> str:
    return f"/ws/live/{live.public_id}/"


@pytest.fixture
def dan_session(server) -> str:
    return guest_session("Dan")


def test_it_echoes_what_was_said_to_everyone_and_to_the_speaker(server, live, path, dan_session):
    with server.line(path, dan_session) as dan, server.line(path) as guest:
        guest.wait("seat.taken", name=None, staff=False)
        dan.wait("seat.taken", name="Dan")
        key = dan.say("is the green one still there?")
        heard = guest.wait("chat.said")
        assert heard["text"] == "is the green one still there?"
        assert heard["name"] == "Dan"
        assert dan.wait("chat.accepted", key=key)["id"] == heard["id"]
        dan.wait("chat.said", id=heard["id"])
        assert Message.objects.get(pk=heard["id"]).client_key == key


def test_the_same_key_is_said_once(server, live, path, dan_session):  # P10
    with server.line(path, dan_session) as dan:
        key = dan.say("once")
        first = dan.wait("chat.accepted", key=key)
        dan.events.clear()
        dan.say("once", key)
        assert dan.wait("chat.accepted", key=key)["id"] == first["id"]
    with server.line(path, dan_session) as again:  # and after a reconnect
        again.say("once", key)
        assert again.wait("chat.accepted", key=key)["id"] == first["id"]
    assert Message.objects.filter(room=live).count() == 1


def test_another_cannot_take_a_key_for_his_own(server, live, path, dan_session):
    with server.line(path, dan_session) as dan, server.line(path, guest_session("Eve")) as eve:
        key = dan.say("mine")
        dan.wait("chat.accepted", key=key)
        eve.say("stolen", key)
        assert eve.wait("error", key=key)["code"] == "key_reused"


def test_it_resumes_without_a_gap_and_in_order(server, live, path, dan_session):  # P11
    with server.line(path, dan_session) as dan, server.line(path) as guest:
        dan.say("before")
        last = guest.wait("chat.said", text="before")["id"]
        guest.socket.close()
        for number in range(3):
            dan.wait("chat.accepted", key=dan.say(f"missed {number}"))
        with server.line(f"{path}?after={last}") as back:
            dan.wait("chat.accepted", key=dan.say("after"), seconds=10)
            back.wait("chat.said", text="after")
            new = {event["id"]: event["text"] for event in back.of("chat.said")}
    del new[last]  # a duplicate is harmless: it has an id
    assert list(new.values()) == [*(f"missed {n}" for n in range(3)), "after"]


def test_it_resumes_from_rows_that_the_hub_no_longer_remembers(server, live, path):
    for number in range(180):
        say(room=live, voice=Voice("Dan"), text=f"line {number}")
    first = Message.objects.order_by("pk").first()
    with server.line(f"{path}?after={first.pk}") as guest:
        guest.wait("chat.said", text="line 179")
        assert [event["text"] for event in guest.of("chat.said")] == [
            f"line {number}" for number in range(1, 180)
        ]


def test_it_says_so_when_more_was_missed_than_it_sends(server, live, path):
    for number in range(330):
        say(room=live, voice=Voice("Dan"), text=f"line {number}")
    first = Message.objects.order_by("pk").first()
    with server.line(f"{path}?after={first.pk}") as guest:
        guest.wait("chat.gap")
        guest.wait("chat.said", text="line 329")
        assert len(guest.of("chat.said")) == 300


def test_a_line_that_was_committed_but_never_pushed_is_told_by_and_by(server, live, path):
    with server.line(path) as guest:
        guest.wait("seat.taken")
        say(room=live, voice=Voice("Dan"), text="said in another process")
        guest.wait("chat.said", text="said in another process", seconds=12)


def test_a_guest_without_a_nickname_may_watch_but_not_talk(server, live, path):
    with server.line(path, guest_session()) as guest:
        key = guest.say("hello")
        refusal = guest.wait("error", key=key)
    assert refusal["code"] == "nickname"
    assert refusal["text"] == "Choose a nickname, then send it again."
    assert not Message.objects.exists()


def test_a_nickname_chosen_meanwhile_counts_at_once(server, live, path):
    session = guest_session()
    with server.line(path, session) as guest:
        guest.wait("error", key=guest.say("hello"))
        store = SessionStore(session)
        store["nickname"] = "Lin"
        store.save()
        guest.wait("chat.accepted", key=guest.say("hello"))
        guest.wait("chat.said", name="Lin")


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"type": "chat.say"}',
        '{"type": "chat.say", "text": 5, "key": "k"}',
        '{"type": "chat.say", "text": "no key"}',
        '{"type": "chat.say", "text": "long key", "key": "' + "k" * 37 + '"}',
        '{"type": "x", "key": "\\ud800"}',
        '{"type": "like", "n": -1}',
        '{"type": "like", "n": 2147483648}',
        '{"type": "like", "n": true}',
        '{"type": "room.moved", "state": "ended"}',
        '{"type": "order.paid"}',
        "[" * 2000,
        b"\x00\xff",
    ],
)
def test_a_forged_frame_gets_an_answer_and_changes_nothing(server, live, path, dan_session, frame):
    with server.line(path, dan_session) as dan, server.line(path) as guest:
        guest.wait("seat.taken")
        dan.send(frame)
        assert dan.wait("error")["code"] == "bad_frame"
        dan.wait("chat.accepted", key=dan.say("still here"))
        guest.wait("chat.said", text="still here")
        assert not guest.of("room.moved")
        assert not guest.of("order.paid")
    live.refresh_from_db()
    assert live.state == "live"
    assert live.likes == 0


@pytest.mark.parametrize("letters", [301, 1_200, 10_000])
def test_too_long_a_line_is_refused_with_a_sentence(server, live, path, dan_session, letters):
    with server.line(path, dan_session) as dan:
        dan.say("茶" * letters)
        refusal = dan.wait("error")
        assert refusal["code"] == "too_long"
        assert "300" in refusal["text"]
        dan.wait("chat.accepted", key=dan.say("茶" * 300))


def test_a_huge_frame_ends_the_socket(server, live, path, dan_session):
    with server.line(path, dan_session) as dan:
        dan.say("x" * 70_000)
        assert dan.wait_closed(5) == 4413


def test_a_hundred_lines_a_second_are_slowed_down_then_cut(server, live, path, dan_session):
    with server.line(path, dan_session) as dan, server.line(path) as guest:
        guest.wait("seat.taken")
        began = time.monotonic()
        try:
            while dan.code is None and time.monotonic() - began < 12:
                for _ in range(10):
                    dan.say("buy from me")
                while dan.read(0.01):
                    pass
        except ConnectionClosed:
            dan.drain()
        assert dan.wait("error", code="slow_down")["text"].startswith("A little fast")
        assert dan.wait_closed(10) == 4429
        guest.drain(0.3)
        assert guest.code is None
        assert len(guest.of("chat.said")) < 20


def test_a_hundred_talkers_a_second_all_get_through(server, live, path):
    talkers = []
    with ExitStack() as stack:
        guest = stack.enter_context(server.line(path))
        guest.wait("seat.taken")
        for number in range(50):
            session = guest_session(f"Dan {number}")
            talkers.append(stack.enter_context(server.line(path, session)))
        began = time.monotonic()
        keys = []
        for turn in range(4):
            for talker in talkers:
                keys.append((talker, talker.say(f"{turn}")))
            time.sleep(max(began + (turn + 1) * 0.5 - time.monotonic(), 0))
        for talker, key in keys:
            talker.wait("chat.accepted", key=key, seconds=15)
        while len(guest.of("chat.said")) < 200:
            assert guest.read(8), len(guest.of("chat.said"))
    ids = [event["id"] for event in guest.of("chat.said")]
    assert ids == sorted(set(ids))
    assert Message.objects.filter(room=live).count() == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost", "null", "http://"])
def test_a_foreign_page_cannot_open_a_socket(server, live, path, origin):
    with pytest.raises(InvalidStatus) as refused, server.line(path, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_room_that_is_not_there_closes_with_404(server, live):
    with server.line("/ws/live/nosuchroom/") as guest:
        assert guest.wait_closed(5) == 4404


def test_a_draft_is_there_for_its_staff_only(server, room, as_bob):
    path = f"/ws/live/{room.public_id}/"
    with server.line(path) as guest:
        assert guest.wait_closed(5) == 4404
    with server.line(path, session_of(as_bob)) as bob:
        bob.wait("seat.taken", staff=True)


def test_staff_speak_with_their_badge(server, live, path, as_bob):
    with server.line(path, session_of(as_bob)) as bob, server.line(path) as guest:
        guest.wait("seat.taken")
        bob.say("welcome")
        heard = guest.wait("chat.said")
    assert heard["name"] == "芳姐"
    assert heard["badge"] == "host"


def test_a_removed_clerks_sockets_close_within_five_seconds(  # P15
    server, live, path, as_bob, bob, shop
):
    session = session_of(as_bob)
    with (
        server.line(path, session) as console,
        server.line(f"/ws/dashboard/{shop.slug}/", session) as dashboard,
        server.line(path) as guest,
    ):
        console.wait("seat.taken", staff=True)
        dashboard.wait("dashboard.open")
        guest.wait("seat.taken")
        Staff.objects.filter(user=bob).delete()
        began = time.monotonic()
        assert console.wait_closed(5) == 4403
        assert dashboard.wait_closed(max(5 - (time.monotonic() - began), 0.1)) == 4403
        guest.drain(0.2)
        assert guest.code is None


def test_a_dashboard_opens_for_its_staff_only(server, shop, other_shop, as_bob):
    with server.line(f"/ws/dashboard/{shop.slug}/") as nobody:
        assert nobody.wait_closed(5) == 4403
    with server.line(f"/ws/dashboard/{other_shop.slug}/", session_of(as_bob)) as stranger:
        assert stranger.wait_closed(5) == 4404
    with server.line("/ws/dashboard/nosuchshop/", session_of(as_bob)) as lost:
        assert lost.wait_closed(5) == 4404


def test_likes_are_folded_and_become_one_row(server, live, path):
    with server.line(path) as one, server.line(path) as two:
        two.wait("seat.taken")
        for _ in range(3):
            one.send({"type": "like", "n": 7})
        two.wait("likes.counted", total=21)
        assert len(two.of("likes.counted")) <= 3
        deadline = time.monotonic() + 5
        while live.likes != 21 and time.monotonic() < deadline:
            time.sleep(0.2)
            live.refresh_from_db()
    assert live.likes == 21


def test_everyone_knows_how_many_watch(server, live, path, as_bob):
    with server.line(path) as one, server.line(path), server.line(path, session_of(as_bob)):
        one.wait("viewers.counted", count=2)  # staff are not viewers
    time.sleep(2.5)
    live.refresh_from_db()
    assert live.viewers_peak == 2


def test_who_does_not_read_hurts_only_himself(server, live, path, dan_session):  # P22
    """A reader with a tiny window stops reading; the others go on hearing at once."""
    with socket.socket() as sleeper, server.line(path, dan_session) as dan:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("localhost", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        sleeper.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nOrigin: {server.url}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b"101" in sleeper.recv(200)
        with server.line(path) as guest:
            guest.wait("seat.taken")
            late = []
            for number in range(3):
                began = time.monotonic()
                dan.say(f"line {number}")
                guest.wait("chat.said", text=f"line {number}")
                late.append(time.monotonic() - began)
            assert max(late) < 1


def test_the_welcome_has_the_room_as_it_stands(server, live, path):
    with server.line(path) as guest:
        state = guest.wait("room.state")
    assert state["state"] == "live"
    assert json.dumps(state)


def test_another_socket_is_not_another_five_lines(server, live, path, dan_session):
    with server.line(path, dan_session) as one:
        for number in range(5):
            one.wait("chat.accepted", key=one.say(f"{number}"))
    with server.line(path, dan_session) as two:
        two.say("a sixth")
        two.say("a seventh")
        assert two.wait("error")["code"] == "slow_down"


def test_likes_of_the_last_moment_survive_a_stop(transactional_db, live, tmp_path):
    with (
        running(tmp_path, database_url()) as server,
        server.line(f"/ws/live/{live.public_id}/") as guest,
    ):
        guest.wait("seat.taken")
        guest.wait("viewers.counted")
        guest.send({"type": "like", "n": 9})
        guest.wait("likes.counted", total=9)
    live.refresh_from_db()
    assert live.likes == 9


def test_what_staff_do_on_their_pages_is_heard_in_the_room_at_once(
    server, live, path, shop, as_bob
):
    session = session_of(as_bob)
    console = f"/dashboard/{shop.slug}/rooms/{live.public_id}/console"
    with (
        server.line(path) as guest,
        server.line(f"/ws/dashboard/{shop.slug}/", session) as dashboard,
    ):
        guest.wait("seat.taken")
        dashboard.wait("dashboard.open")
        assert server.post(f"{console}/notice/", session, text="Picked on March 22") < 400
        guest.wait("note.pinned", text="Picked on March 22", seconds=2)
        assert server.post(f"{console}/spotlight/", session, do="next") < 400
        assert guest.wait("item.pinned", seconds=2)["card"]["name"]
        assert server.post(f"{console}/move/", session, do="pause") < 400
        guest.wait("room.moved", state="paused", seconds=2)
        dashboard.wait("room.moved", state="paused", seconds=2)


def test_a_removed_clerk_hears_of_it_at_once(server, live, path, shop, as_bob, bob, as_alice):
    session = session_of(as_bob)
    place = Staff.objects.get(user=bob)
    with (
        server.line(path, session) as console,
        server.line(f"/ws/dashboard/{shop.slug}/", session) as dashboard,
    ):
        console.wait("seat.taken", staff=True)
        dashboard.wait("dashboard.open")
        remove = f"/dashboard/{shop.slug}/staff/{place.pk}/remove/"
        assert server.post(remove, session_of(as_alice)) < 400
        assert console.wait_closed(1.5) == 4403
        assert dashboard.wait_closed(1.5) == 4403
