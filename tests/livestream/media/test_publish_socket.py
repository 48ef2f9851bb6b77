"""The socket of a camera: who gets in, what it takes, what it answers to nonsense."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from livestream.consumers import publish
from livestream.models import Room
from livestream.routing import websocket_urlpatterns
from livestream.rules.bitrate import DEPTH, LARGEST_CHUNK, RATE, Budget, spend
from livestream.services.room import end_room
from tests.livestream.media.conftest import MATROSKA, chunks

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

HEADERS = [(b"host", b"localhost"), (b"origin", b"http://localhost")]


class Camera:
    """A publisher's end of the socket."""

    def __init__(self, room: Room | str, user, headers=HEADERS) -> None:
        address = f"/ws/publish/{getattr(room, 'public_id', room)}/"
        scope = {"type": "websocket", "path": address, "headers": headers, "user": user}
        self.socket = ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope)
        self.me = str(uuid4())

    async def connect(self) -> Camera:
        await self.socket.send_input({"type": "websocket.connect"})
        assert (await self.socket.receive_output(timeout=5))["type"] == "websocket.accept"
        return self

    async def send(self, data: bytes | str) -> None:
        kind = "text" if isinstance(data, str) else "bytes"
        await self.socket.send_input({"type": "websocket.receive", kind: data})

    async def say(self, **frame) -> None:
        await self.send(json.dumps(frame))

    async def hello(self, **more) -> None:
        await self.say(**{"type": "publish.hello", "publisher": self.me, "mime": MATROSKA} | more)

    async def hear(self, kind: str) -> dict:
        """The next frame of one type, skipping others."""
        while True:
            message = await self.socket.receive_output(timeout=5)
            assert message["type"] == "websocket.send", message
            if (frame := json.loads(message["text"]))["type"] == kind:
                return frame

    async def closed(self) -> int:
        while True:
            message = await self.socket.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                await self.leave(message["code"])
                return message["code"]

    async def leave(self, code: int = 1001) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": code})
        await self.socket.wait(timeout=5)


@sync_to_async
def host_of(room: Room):
    return room.host.user


async def on_air(room: Room) -> Camera:
    camera = await Camera(room, await host_of(room)).connect()
    await camera.hello()
    await camera.hear("publish.open")
    return camera


async def send_show(camera: Camera, recording: bytes) -> None:
    for chunk in chunks(recording, 32 * 1024):
        await camera.send(chunk)


async def test_what_is_sent_is_acked_and_written(show, live_root, recording):
    camera = await on_air(show)
    await send_show(camera, recording)
    acked = 0
    while acked < len(recording):
        acked = (await camera.hear("publish.ack"))["bytes"]
    await camera.say(type="publish.bye")
    assert await camera.closed() == 1000
    assert len(list((live_root / show.public_id).glob("seg*.m4s"))) >= 4
    await show.arefresh_from_db()
    assert show.publisher is None, "any device may be next"


async def test_media_is_noted(show, live_root, recording, monkeypatch):
    monkeypatch.setattr(publish, "HEARTBEAT", 0.2)
    before = show.media_at
    camera = await on_air(show)
    await send_show(camera, recording)
    await asyncio.sleep(0.8)
    await show.arefresh_from_db()
    assert show.media_at > before
    await camera.leave()


async def test_a_killed_encoder_asks_for_a_new_recorder(show, live_root, recording):  # P21
    camera = await on_air(show)
    await send_show(camera, recording[: len(recording) // 2])
    await asyncio.sleep(0.5)
    encoder = publish._publishing[show.pk].ingest.encoder
    os.kill(encoder.child.pid, signal.SIGKILL)
    await camera.hear("publish.restart")
    await camera.say(type="publish.recorder", mime=MATROSKA)
    await send_show(camera, recording)
    await asyncio.sleep(1)
    await camera.leave()
    text = (live_root / show.public_id / "live.m3u8").read_text()
    assert "#EXT-X-DISCONTINUITY\n" in text


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "null",
        '"publish.hello"',
        '{"type": "publish.hello"}',
        '{"type": "publish.hello", "publisher": "me", "mime": "video/webm"}',
        '{"type": "publish.hello", "publisher": 5, "mime": 6}',
        '{"type": "publish.recorder", "mime": "video/webm"}',
        '{"type": "room.end"}',
        "[" * 3000,
    ],
)
async def test_a_forged_frame_ends_the_socket(show, live_root, frame):
    camera = await Camera(show, await host_of(show)).connect()
    await camera.send(frame)
    assert await camera.closed() == publish.BAD_FRAME
    await show.arefresh_from_db()
    assert show.epoch == 0


async def test_bytes_before_hello_end_the_socket(show, live_root):
    camera = await Camera(show, await host_of(show)).connect()
    await camera.send(b"x")
    assert await camera.closed() == publish.BAD_FRAME


async def test_a_container_that_no_recorder_makes_is_refused(show, live_root):
    camera = await Camera(show, await host_of(show)).connect()
    await camera.hello(mime="application/x-sh")
    assert await camera.closed() == publish.BAD_MEDIA


async def test_a_chunk_too_large_ends_the_socket(show, live_root):
    camera = await on_air(show)
    await camera.send(b"x" * (LARGEST_CHUNK + 1))
    assert await camera.closed() == publish.TOO_LARGE


async def test_nobody_unknown_gets_in(show, live_root, mallory, other_shop):
    assert await (await Camera(show, AnonymousUser()).connect()).closed() == publish.SIGN_IN
    foreign = await (await Camera(show, mallory).connect()).closed()
    absent = await (await Camera("nowhere", mallory).connect()).closed()
    assert foreign == absent == publish.NOT_FOUND


async def test_a_foreign_page_gets_in_nowhere(show, live_root):
    headers = [(b"host", b"localhost"), (b"origin", b"http://evil.example")]
    camera = await Camera(show, await host_of(show), headers).connect()
    assert await camera.closed() == publish.FORBIDDEN


async def test_a_second_device_must_take_over(show, live_root, recording):
    first = await on_air(show)
    second = await Camera(show, await host_of(show)).connect()
    await second.hello()
    refusal = await second.hear("publish.refused")
    assert refusal["code"] == "taken"
    assert refusal["text"]
    assert await second.closed() == publish.TAKEN

    third = await Camera(show, await host_of(show)).connect()
    await third.hello(takeover=True)
    assert (await third.hear("publish.open"))["epoch"] == 2
    assert await first.closed() == publish.TAKEN
    await send_show(third, recording)
    await third.hear("publish.ack")
    await third.leave()


async def test_a_predecessor_that_cannot_be_closed_is_in_nobodys_way(show, live_root, monkeypatch):
    first = await on_air(show)
    old = publish._publishing[show.pk]

    async def broken(code: int) -> None:
        raise RuntimeError("half open")

    monkeypatch.setattr(old, "close", broken)
    second = await Camera(show, await host_of(show)).connect()
    second.me = first.me
    await second.hello()
    await second.hear("publish.open")
    await first.leave()
    assert publish._publishing[show.pk] is not old, "a late goodbye does not unseat the next one"
    await second.leave()


async def test_an_ended_room_sends_its_camera_home(show, live_root, recording, monkeypatch):
    monkeypatch.setattr(publish, "HEARTBEAT", 0.1)
    camera = await on_air(show)
    await sync_to_async(end_room)(room=show)
    assert await camera.closed() == publish.GONE


async def test_a_removed_clerk_loses_her_camera(show, live_root, monkeypatch):  # P15
    monkeypatch.setattr(publish, "HEARTBEAT", 0.1)
    camera = await on_air(show)
    await sync_to_async(lambda: show.host.delete())()
    assert await camera.closed() == publish.NOT_FOUND


async def test_a_silent_socket_is_closed(show, live_root, monkeypatch):
    monkeypatch.setattr(publish, "HEARTBEAT", 0.05)
    monkeypatch.setattr(publish, "SILENCE", 0.1)
    camera = await on_air(show)
    assert await camera.closed() == publish.IDLE


async def test_too_fast_is_no_camera():
    budget = Budget()
    assert spend(budget, DEPTH + 1, 0.0) is None
    for second in range(1, 100):
        budget = spend(budget, RATE, float(second))
        assert budget is not None
    flood = spend(Budget(), DEPTH, 0.0)
    assert flood is not None
    assert spend(flood, RATE, 0.5) is None
