"""Many viewers of one room in one process, cheap enough not to be what is measured.

    python -m bench.crowd <job.json>     one line of JSON when the crowd is in, then the result

A bare asyncio protocol per viewer. All viewers get the same bytes, so a frame is taken apart once
and looked up for the others. Talkers put the time of sending into their text (`t=<monotonic>`):
sender and receiver share the machine's clock.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import re
import socket
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

WORDS = (  # as in a shop: one line in five asks something
    "is the green one still there",
    "the red one came last week",
    "my mother likes the white one",
    "good evening everybody",
    "got two of them, thank you",
)
_STAMP = re.compile(rb"t=(\d+\.\d+)")
_ACK = re.compile(rb'"chat\.accepted".*"key": ?"\d+-(\d+\.\d+)"')


class Tally:
    """What arrived: how often each message, and how late. A frame costs one look-up and one
    append, so that the crowd is not what is measured.
    """

    def __init__(self) -> None:
        self._heard: dict[bytes, list[float]] = {}  # frame -> when each viewer got it

    def clear(self) -> None:
        self._heard.clear()

    def take(self, payload: bytes) -> None:
        heard = self._heard.get(payload)
        if heard is None:
            heard = self._heard[payload] = []
        heard.append(time.monotonic())

    def arrived(self) -> Counter[bytes]:
        """How many viewers got each message, by its stamp."""
        found: Counter[bytes] = Counter()
        for payload, heard in self._heard.items():
            for stamp in _STAMP.findall(payload):
                found[stamp] += len(heard)
        return found

    def acked(self) -> list[float]:
        """Seconds from sending a line to being told that it is kept, sorted."""
        found = ((_ACK.search(payload), heard[0]) for payload, heard in self._heard.items())
        return sorted(at - float(ack.group(1)) for ack, at in found if ack)

    def late(self) -> list[float]:
        """Seconds from sending to receipt, of every message at every viewer, sorted."""
        return sorted(
            at - float(stamp)
            for payload, heard in self._heard.items()
            for stamp in _STAMP.findall(payload)
            for at in heard
        )


class Viewer(asyncio.Protocol):
    """One WebSocket client: a handshake, then frames."""

    def __init__(self, tally: Tally, request: bytes) -> None:
        self.tally = tally
        self.request = request
        self.buffer = b""
        self.open = asyncio.get_running_loop().create_future()
        self.first = asyncio.get_running_loop().create_future()  # the first frame came
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.open.done():
            self.open.set_exception(exc or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        if not self.open.done():
            head, ended, data = data.partition(b"\r\n\r\n")
            if not ended:
                self.buffer = head
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.open.set_exception(ConnectionError(head[:80].decode()))
                return
            self.open.set_result(None)
        self.buffer = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        at, size = 0, len(data)
        while size - at >= 2:
            opcode, length = data[at] & 15, data[at + 1] & 127
            start = at + 2
            if length == 126:
                if size - at < 4:
                    break
                (length,) = struct.unpack_from("!H", data, at + 2)
                start = at + 4
            elif length == 127:
                if size - at < 10:
                    break
                (length,) = struct.unpack_from("!Q", data, at + 2)
                start = at + 10
            if size - start < length:
                break
            at = start + length
            if opcode == 1:
                self.tally.take(data[start:at])
                if not self.first.done():
                    self.first.set_result(None)
            elif opcode == 9:
                self.transport.write(_masked(10, data[start:at]))
        return data[at:]

    def say(self, text: str) -> None:
        self.transport.write(_masked(1, text.encode()))


def _masked(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = struct.pack("!BB", 128 | opcode, 128 | size) if size < 126 else b""
    head = head or struct.pack("!BBH", 128 | opcode, 254, size)
    mask = os.urandom(4)
    body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return head + mask + body


def _request(host: str, port: int, path: str, cookie: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: https://{host}:{port}",  # as behind a proxy, where TLS ends
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _arrive(job: dict[str, Any], tally: Tally) -> list[Viewer]:
    loop = asyncio.get_running_loop()
    cookies = job.get("cookies", [])
    gate = asyncio.Semaphore(40)

    async def arrive(number: int) -> Viewer:
        cookie = cookies[number] if number < len(cookies) else ""
        port = job["ports"][number % len(job["ports"])]
        request = _request(job["host"], port, job["path"], cookie)
        async with gate:
            _, viewer = await loop.create_connection(
                lambda: Viewer(tally, request), job["host"], port
            )
            await viewer.open
            if job.get("greets", True):
                await asyncio.wait_for(viewer.first, 30)
        return viewer

    everyone = job["viewers"] + job["deaf"]
    viewers = list(await asyncio.gather(*(arrive(number) for number in range(everyone))))
    for viewer in viewers[job["viewers"] :]:
        kernel = viewer.transport.get_extra_info("socket")
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # it holds nothing for him
        viewer.transport.pause_reading()  # and he never reads again
    return viewers[: job["viewers"]]


async def _talk(viewer: Viewer, number: int, job: dict[str, Any], sent: list[bytes]) -> None:
    """One message each `talkers / rate` seconds, the talkers evenly apart."""
    gap = job["talkers"] / job["rate"]
    begin = job["begin"] + gap * number / job["talkers"]
    for turn in range(int(job["seconds"] / gap)):
        await asyncio.sleep(max(begin + turn * gap - time.monotonic(), 0))
        stamp = f"{time.monotonic():.6f}"
        sent.append(stamp.encode())
        words = WORDS[(number + turn) % len(WORDS)]
        text = f"{words} t={stamp}".ljust(job["letters"], ".")
        viewer.say(json.dumps({"type": "chat.say", "text": text, "key": f"{number}-{stamp}"}))


async def _tap(viewer: Viewer, job: dict[str, Any]) -> None:
    """Hearts as a browser sends them: what was tapped in half a second is one frame."""
    for _ in range(int(job["seconds"] * 2)):
        viewer.say(json.dumps({"type": "like", "n": job["hearts"]}))
        await asyncio.sleep(0.5)


async def crowd(job: dict[str, Any]) -> dict[str, Any]:
    """Come in, talk, listen, and report."""
    tally = Tally()
    began = time.monotonic()
    viewers = await _arrive(job, tally)
    gc.collect()
    gc.disable()  # one look through thousands of clients is 0.3 s in which nobody's clock is read
    print(json.dumps({"in": len(viewers), "seconds": time.monotonic() - began}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)  # "go"
    tally.clear()
    sent: list[bytes] = []
    job["begin"] = time.monotonic() + 0.2
    tapping = viewers if job.get("hearts") else []
    await asyncio.gather(
        *(_talk(viewers[number], number, job, sent) for number in range(job["talkers"])),
        *(_tap(viewer, job) for viewer in tapping),
    )
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and tally.arrived().total() < len(sent) * len(viewers):
        await asyncio.sleep(0.05)
    arrived, late = tally.arrived(), tally.late()
    missing = sum(len(viewers) - arrived[stamp] for stamp in sent)
    return {
        "sent": len(sent),
        "delivered": len(late),
        "lost": max(missing, 0),
        "closed": sum(viewer.lost for viewer in viewers),
        "acked": len(acked := tally.acked()),
        "acked_p95_ms": acked[int(len(acked) * 0.95)] * 1000 if acked else None,
        "p50_ms": late[len(late) // 2] * 1000 if late else None,
        "p99_ms": late[int(len(late) * 0.99)] * 1000 if late else None,
    }


if __name__ == "__main__":
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    print(json.dumps(run(crowd(json.loads(Path(sys.argv[1]).read_text())))), flush=True)
