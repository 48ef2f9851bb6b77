"""Many viewers who stay for a long time and come back after every cut; some of them talk and tap.

    python -m tests.soak.crowd <job.json>

Reads commands from its standard input, a word a line: `cut` drops every second socket without a
goodbye, `end` stops talking, waits until it is quiet, and prints as one line of JSON what was
acknowledged and what each viewer has seen. The client is as simple as a client can be: it resumes
with the last id it has seen, and sends a line again, under the same key, until it is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

ARRIVAL = 120.0  # seconds in which everybody must be in
QUIET = 8.0  # seconds without news after which everything has arrived


class Person:
    """One viewer. `seen` counts how often each line came; a line twice is harmless, none is not."""

    def __init__(self, job: dict[str, Any], number: int) -> None:
        self.job, self.number = job, number
        self.seen: Counter[int] = Counter()
        self.first = 0  # the oldest line that this viewer could see
        self.last = 0
        self.waiting: dict[str, str] = {}  # key -> text, not acknowledged yet
        self.acked: dict[str, int] = {}
        self.tapped = 0
        self.cuts = 0
        self.closed: Counter[int] = Counter()
        self.socket: ClientConnection | None = None

    async def stay(self) -> None:
        """Come in, and come back, for ever."""
        cookies = self.job["cookies"]
        headers = {}
        if self.number < len(cookies):
            headers["Cookie"] = f"{self.job['cookie']}={cookies[self.number]}"
        while True:
            address = f"ws://localhost:{self.job['port']}{self.job['path']}"
            if self.last:
                address += f"?after={self.last}"
            try:
                async with connect(
                    address,
                    origin=self.job["origin"],
                    additional_headers=headers,
                    compression=None,
                    open_timeout=30,
                    max_queue=256,
                ) as socket:
                    self.socket = socket
                    for key, text in list(self.waiting.items()):
                        await self._send(type="chat.say", text=text, key=key)
                    async for frame in socket:
                        self._hear(json.loads(frame))
                self.closed[socket.close_code or 0] += 1
            except (OSError, TimeoutError, WebSocketException, InvalidStatus):
                pass
            self.socket = None
            self.cuts += 1
            await asyncio.sleep(random.uniform(0.3, 1.2))  # each at a moment of her own

    def _hear(self, frame: Any) -> None:
        for event in frame if isinstance(frame, list) else [frame]:
            match event:
                case {"type": "chat.said", "id": int(id_)}:
                    self.first = self.first or id_
                    self.last = max(self.last, id_)
                    self.seen[id_] += 1
                case {"type": "chat.accepted", "key": str(key), "id": int(id_)}:
                    self.waiting.pop(key, None)
                    self.acked[key] = id_
                case {"type": "chat.gap"}:
                    self.first = 0  # more was missed than is sent: what comes next is the oldest

    async def talk(self) -> None:
        """A line each `pause` seconds, and hearts in between."""
        await asyncio.sleep(random.uniform(0, self.job["pause"]))
        while True:
            key = uuid.uuid4().hex
            text = f"line {key[:8]} of {self.number}"
            self.waiting[key] = text
            await self._send(type="chat.say", text=text, key=key)
            await self._send(type="like", n=self.job["hearts"])
            await asyncio.sleep(self.job["pause"])

    async def _send(self, **frame: Any) -> None:
        if self.socket is None:
            return
        with contextlib.suppress(WebSocketException, OSError):
            await self.socket.send(json.dumps(frame))
            self.tapped += frame.get("n", 0)


async def main(job: dict[str, Any]) -> dict[str, Any]:
    people = [Person(job, number) for number in range(job["viewers"])]
    staying = []
    for person in people:  # not all in one moment: that is another test's
        staying.append(asyncio.create_task(person.stay()))
        await asyncio.sleep(0.004)
    end = time.monotonic() + ARRIVAL
    while time.monotonic() < end and any(person.socket is None for person in people):
        await asyncio.sleep(0.1)
    print(json.dumps({"in": sum(person.socket is not None for person in people)}), flush=True)
    talking = [asyncio.create_task(person.talk()) for person in people[: len(job["cookies"])]]
    while (word := await asyncio.to_thread(sys.stdin.readline)).strip() != "end":
        if word.strip() == "cut":
            for person in people[::2]:
                if person.socket is not None:
                    person.socket.transport.abort()
    for task in talking:
        task.cancel()
    await _quiet(people)
    for task in staying:
        task.cancel()
    return _report(people)


async def _quiet(people: list[Person]) -> None:
    """Until QUIET seconds brought nothing and nobody waits for an answer; a minute at most."""
    end, heard, since = time.monotonic() + 60, -1, time.monotonic()
    while time.monotonic() < end:
        now = sum(person.seen.total() for person in people)
        if now != heard or any(person.waiting or not person.socket for person in people):
            heard, since = now, time.monotonic()
        if time.monotonic() - since > QUIET:
            return
        await asyncio.sleep(0.25)


def _report(people: list[Person]) -> dict[str, Any]:
    return {
        "acked": {key: id_ for person in people for key, id_ in person.acked.items()},
        "unanswered": sum(len(person.waiting) for person in people),
        "tapped": sum(person.tapped for person in people),
        "cuts": sum(person.cuts for person in people),
        "closed": dict(sum((person.closed for person in people), Counter())),
        "seen": [[person.first, sorted(person.seen)] for person in people],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))), flush=True)
