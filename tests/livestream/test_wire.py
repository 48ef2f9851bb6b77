"""The short way to the network, under a real uvicorn and real TCP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from livestream import broadcast
from livestream.hub import room as hub_module
from livestream.hub.room import HIGH_WATER, Hub
from livestream.hub.seat import Seat
from livestream.hub.wire import DirectWire
from tests.livestream.test_hub import Memory, settle


class Wrapped:
    """A `send` as Channels' session middleware leaves it."""

    def __init__(self, send: Any) -> None:
        self.real_send = send

    async def send(self, message: dict[str, Any]) -> None:
        await self.real_send(message)


class House:
    """A server in this very process with one hub; everyone who connects sits in it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.seats: list[Seat] = []
        self.port = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        send = Wrapped(send).send
        await send({"type": "websocket.accept"})
        seat = Seat(send)
        self.seats.append(seat)
        self.hub.enter(seat)
        self.hub.start(seat)
        while (await receive())["type"] != "websocket.disconnect":
            continue
        self.hub.leave(seat)

    @asynccontextmanager
    async def line(self, **options: Any) -> AsyncIterator[ClientConnection]:
        async with connect(f"ws://127.0.0.1:{self.port}/", **options) as line:
            yield line


@pytest.fixture
async def house(settings) -> AsyncIterator[House]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    broadcast.attach()
    hub = Hub(77, Memory())
    await hub.open()
    house = House(hub)
    listening = socket.create_server(("127.0.0.1", 0))
    house.port = listening.getsockname()[1]
    config = uvicorn.Config(
        house, lifespan="off", log_level="error", ws_per_message_deflate=False, access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield house
    server.should_exit = True
    server.force_exit = True
    await serving
    await hub.close()


async def test_it_reaches_the_transport_through_the_middleware(house):
    async with house.line() as line:
        await settle(0.1)
        assert isinstance(house.seats[0].wire, DirectWire)
        house.hub.emit('{"type":"hello","text":"你好"}')
        assert json.loads(await line.recv()) == {"type": "hello", "text": "你好"}
        for size in (125, 126, 65_535, 65_536):
            text = json.dumps({"type": "x", "pad": "p" * size})
            house.hub.emit(text)
            assert await line.recv() == text


async def test_compressing_clients_understand_it_too(house):
    async with house.line(compression="deflate") as line:
        await settle(0.1)
        house.hub.emit('{"type":"hello"}')
        assert await line.recv() == '{"type":"hello"}'


async def test_many_leave_in_the_middle_of_it_and_nobody_notices(house):
    async with house.line() as line:
        others = [await connect(f"ws://127.0.0.1:{house.port}/") for _ in range(20)]
        await settle(0.1)
        for number in range(20):
            others[number].transport.abort()
            house.hub.emit(json.dumps({"type": "n", "number": number}))
            await asyncio.sleep(0)
        heard: list[int] = []
        while len(heard) < 20:
            frame = json.loads(await asyncio.wait_for(line.recv(), 5))
            events = frame if isinstance(frame, list) else [frame]
            heard += [event["number"] for event in events if event["type"] == "n"]
        assert heard == list(range(20))
        await settle(0.3)
        assert len(house.hub.seats) == 1


async def test_who_does_not_read_is_cut_and_holds_little_memory(house, monkeypatch):  # P22
    monkeypatch.setattr(hub_module, "KEEP_UP", 1.0)
    _reader, writer = await _sleeper(house.port)
    async with house.line(max_size=None) as line:
        await settle(0.2)
        slow = house.seats[0]
        big = json.dumps({"type": "big", "pad": "x" * 100_000})
        most = 0
        for _ in range(60):
            house.hub.emit(big)
            await asyncio.wait_for(line.recv(), 5)
            await settle(0.1)
            most = max(most, slow.wire.waiting() if slow in house.hub.seats else 0)
            if slow not in house.hub.seats:
                break
        assert slow not in house.hub.seats
        assert most < HIGH_WATER + 12 * len(big)  # what half a second between two looks can add
        house.hub.emit('{"type":"on"}')
        frame = json.loads(await asyncio.wait_for(line.recv(), 5))
        assert frame["type"] in {"on", "big"}
    writer.close()


async def _sleeper(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client with a small window that says hello and falls asleep."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2_000)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b"101" in await reader.readline()
    return reader, writer
