"""What moderation means to a socket: who hears what, and who is sent out."""

from __future__ import annotations

import pytest

from livestream.models import HeldLine, Message
from tests.servers import guest_session, session_of

pytestmark = pytest.mark.slow


@pytest.fixture
def path(live) -> str:
    return f"/ws/live/{live.public_id}/"


@pytest.fixture
def dan(server) -> str:
    return guest_session("Dan")


@pytest.fixture
def act(server, live, as_bob):
    """Do something from the console."""
    session = session_of(as_bob)
    url = f"/dashboard/tea/rooms/{live.public_id}/console/chat/"

    def act(**fields: str) -> None:
        assert server.post(url, session, **fields) < 400

    return act


def test_a_shadow_banned_guest_hears_himself_and_nobody_else_does(server, path, dan, act, as_bob):
    with (
        server.line(path, dan) as speaker,
        server.line(path) as guest,
        server.line(path, session_of(as_bob)) as console,
    ):
        first = speaker.wait("chat.accepted", key=speaker.say("one"))["id"]
        act(do="sanction", message=str(first), measure="shadow")
        said = speaker.wait("chat.accepted", key=speaker.say("two"))["id"]
        assert speaker.wait("chat.said", id=said)["text"] == "two"
        assert console.wait("chat.said", id=said)["shadowed"] is True
        guest.drain(1)
        assert [event["text"] for event in guest.of("chat.said")] == ["one"]
    with server.line(f"{path}?after={first}", dan) as back:  # he misses none of his own
        assert back.wait("chat.said", id=said)["text"] == "two"
    with server.line(f"{path}?after={first}") as other:
        other.drain(1)
        assert said not in [event["id"] for event in other.of("chat.said")]


def test_a_banned_guest_is_sent_out_and_stays_out(server, path, dan, act):
    with server.line(path, dan) as speaker, server.line(path) as guest:
        said = speaker.wait("chat.accepted", key=speaker.say("one"))["id"]
        act(do="sanction", message=str(said), measure="ban")
        assert speaker.wait_closed(2) == 4403
        guest.wait("seat.taken")
    with server.line(path, dan) as again:
        assert again.wait_closed(2) == 4403


def test_a_line_that_waits_is_heard_when_it_is_let_through(server, path, dan, act, as_bob):
    act(do="pace", slow_seconds="0", holds_chat="on")
    with (
        server.line(path, dan) as speaker,
        server.line(path) as guest,
        server.line(path, session_of(as_bob)) as console,
    ):
        key = speaker.say("buy here")
        speaker.wait("chat.waits", key=key)
        held = console.wait("chat.held")
        guest.drain(0.5)
        assert not guest.of("chat.said")
        act(do="approve", held=str(held["id"]))
        assert guest.wait("chat.said")["text"] == "buy here"
        console.wait("chat.judged", id=held["id"])
        speaker.wait("chat.accepted", key=speaker.say("buy here", key))
    assert Message.objects.count() == HeldLine.objects.count() == 1


def test_an_answer_names_what_it_answers(server, path, dan):
    with server.line(path, dan) as speaker:
        first = speaker.wait("chat.accepted", key=speaker.say("有货吗？"))["id"]
        speaker.send({"type": "chat.say", "text": "yes", "key": "k2", "reply_to": first})
        said = speaker.wait("chat.accepted", key="k2")["id"]
        assert speaker.wait("chat.said", id=said)["reply"]["text"] == "有货吗？"


@pytest.mark.parametrize("wanted", [True, "1", -1, 2**70, 1.5, {}, []])
def test_an_odd_answer_is_refused(server, path, dan, wanted):
    with server.line(path, dan) as speaker:
        speaker.send({"type": "chat.say", "text": "yes", "key": "k", "reply_to": wanted})
        assert speaker.wait("error", key="k")["code"] == "bad_frame"
    assert not Message.objects.exists()
