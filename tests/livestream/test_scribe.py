"""What is said in a room goes into few transactions, and none of it waits for long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livestream.hub import scribe as scribe_module
from livestream.hub.scribe import Scribe
from livestream.rules.pace import CROWD, ENOUGH


class Rows:
    """How many lines came in each transaction."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def say(self, room_id: int, lines: list[Any]) -> list[Any]:
        self.batches.append(len(lines))
        return lines


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def paces(monkeypatch) -> dict[int, list[float]]:
    """{lines that wait: seconds until the beat, in turn}."""
    waits: dict[int, list[float]] = {}

    def until(scribe: Scribe, waiting: int) -> float:
        found = waits[waiting]
        return found.pop(0) if len(found) > 1 else found[0]

    monkeypatch.setattr(scribe_module.Scribe, "_until", until)
    return waits


async def say(scribe: Scribe, lines: int) -> None:
    await asyncio.wait_for(asyncio.gather(*(scribe.write(n) for n in range(lines))), 10)  # type: ignore[arg-type]


async def test_the_first_line_goes_at_once_and_what_follows_goes_together(rows):
    scribe = Scribe(7, rows, lambda: CROWD)  # type: ignore[arg-type]
    await say(scribe, 1)
    await say(scribe, 3)
    assert rows.batches == [1, 3]


async def test_enough_lines_do_not_wait_for_the_long_beat(rows, paces):
    paces |= {0: [60.0], ENOUGH: [0.01]}
    scribe = Scribe(7, rows, lambda: CROWD)  # type: ignore[arg-type]
    await say(scribe, 1)
    await asyncio.sleep(0.1)  # by now only the long beat or enough lines end the pause
    await say(scribe, ENOUGH)
    assert rows.batches == [1, ENOUGH]


async def test_lines_that_hurry_to_a_short_beat_do_not_miss_the_long_one(rows, paces):
    """The short beat after next may lie behind the long one, which is kept."""
    paces |= {0: [0.3], ENOUGH: [0.01, 60.0]}
    scribe = Scribe(7, rows, lambda: CROWD)  # type: ignore[arg-type]
    await say(scribe, 1)
    await asyncio.sleep(0.1)
    await say(scribe, ENOUGH)
    assert rows.batches == [1, ENOUGH]
