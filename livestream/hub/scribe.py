"""Gathers what is said in a room into one transaction per moment.

The first line of a quiet room is written at once; while it is being written, and for a moment
after, the next ones wait and then go together: at most some twenty transactions a second, six in a
large room, however many talk. What was written together is also pushed in one frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from livestream.hub.rows import Rows
from livestream.rules.pace import ENOUGH, gathers, until_beat
from livestream.services.line import Line, Outcome

logger = logging.getLogger(__name__)

MOST = 400  # lines in one transaction: a tenth of a second's work
APART = 0.618  # seconds that move a room's beats away from those of the next


class Scribe:
    """Writes the chat of one room."""

    def __init__(self, room_id: int, rows: Rows, listeners: Callable[[], int]) -> None:
        self._room_id = room_id
        self._listeners = listeners
        self._rows = rows
        self._lines: list[tuple[Line, asyncio.Future[Outcome]]] = []
        self._enough = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def write(self, line: Line) -> Outcome:
        """What became of a line, once it is committed or refused."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._lines.append((line, future))
        if len(self._lines) >= ENOUGH:
            self._enough.set()
        if self._task is None:
            self._task = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._lines:
                batch, self._lines = self._lines[:MOST], self._lines[MOST:]
                self._enough.clear()
                await self._write(batch)
                await self._pause()
        finally:
            self._task = None

    async def _pause(self) -> None:
        """Let lines gather; not so long when enough of them wait, and not when more do than fit."""
        if len(self._lines) >= MOST:
            return
        longest, shortest = self._until(0), self._until(ENOUGH)
        await asyncio.sleep(min(shortest, longest))
        if longest > shortest and len(self._lines) < ENOUGH:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(longest - shortest):
                    await self._enough.wait()
                    await asyncio.sleep(self._until(ENOUGH))

    def _until(self, waiting: int) -> float:
        """Seconds until the next beat of this room. Rooms have beats of their own, or all of them
        would come to the one thread that writes at the same moment."""
        seconds = gathers(self._listeners(), waiting)
        return until_beat(seconds, time.time() + self._room_id * APART)

    async def _write(self, batch: list[tuple[Line, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._rows.say(self._room_id, [line for line, _ in batch])
        except Exception as trouble:
            logger.exception("room %s could not write %d lines", self._room_id, len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(trouble)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)
