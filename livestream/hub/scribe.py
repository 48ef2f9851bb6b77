"""Gathers what is said in a room into one transaction per moment.

The first line of a quiet room is written at once; while it is being written, and for a moment
after, the next ones wait and then go together: at most twenty-five transactions a second, eight in
a large room, however many talk. What was written together is also pushed in one frame.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from livestream.hub.rows import Rows
from livestream.services.line import Line, Outcome

logger = logging.getLogger(__name__)

PAUSE = 0.04  # seconds between two transactions of a small busy room …
LONGER = 0.08  # … and how much longer in one with CROWD viewers: a frame to each costs 10 µs
CROWD = 2_000
MOST = 200  # lines in one transaction


class Scribe:
    """Writes the chat of one room."""

    def __init__(self, room_id: int, rows: Rows, listeners: Callable[[], int]) -> None:
        self._room_id = room_id
        self._listeners = listeners
        self._rows = rows
        self._lines: list[tuple[Line, asyncio.Future[Outcome]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, line: Line) -> Outcome:
        """What became of a line, once it is committed or refused."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._lines.append((line, future))
        if self._task is None:
            self._task = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._lines:
                batch, self._lines = self._lines[:MOST], self._lines[MOST:]
                await self._write(batch)
                await asyncio.sleep(PAUSE + LONGER * min(self._listeners() / CROWD, 1))
        finally:
            self._task = None

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
