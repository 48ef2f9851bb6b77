"""From the event loop to the files: threads of our own, so that a slow disk holds up nobody.

Viewers ask for the same newest file all at once, ten times a second each: one of them reads, the
others get the same bytes. They are kept for HOLD, which a burst of viewers takes to arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

HOLD = 0.25  # seconds: a show that was put away is out of memory as soon
MOST = 64  # files held at once

T = TypeVar("T")

_writing = ThreadPoolExecutor(4, thread_name_prefix="media")
_reading = ThreadPoolExecutor(4, thread_name_prefix="edge")  # viewers never make a writer wait
_held: dict[Path, asyncio.Future[bytes | None]] = {}


async def on_disk(job: Callable[..., T], *args: object) -> T:
    """Run a job among the files, on a thread of our own."""
    return await asyncio.get_running_loop().run_in_executor(_writing, job, *args)


async def look_up(job: Callable[..., T], *args: object) -> T:
    """The same for somebody who only reads."""
    return await asyncio.get_running_loop().run_in_executor(_reading, job, *args)


async def read(path: Path) -> bytes | None:
    """A whole file; None if it is not there. Whoever asks meanwhile gets the same bytes.

    “Not there” is true only of a look that began after the question: it may have come since.
    """
    found = _held.get(path)
    if found is not None and found.get_loop() is asyncio.get_running_loop():
        data = await asyncio.shield(found)
        if data is not None:
            return data
    return await asyncio.shield(_held_from_now(path))


def _held_from_now(path: Path) -> asyncio.Future[bytes | None]:
    loop = asyncio.get_running_loop()
    found = _held.get(path)
    if found is None or found.get_loop() is not loop:
        found = _held[path] = loop.run_in_executor(_reading, _bytes, path)
        found.add_done_callback(lambda _: _let_go(path, found))
    return found


def _let_go(path: Path, found: asyncio.Future[bytes | None]) -> None:
    """Forget what was read: at once if there was nothing or too much is held, else after HOLD."""
    if found.cancelled() or found.exception() or found.result() is None or len(_held) > MOST:
        _forget(path, found)
    else:
        found.get_loop().call_later(HOLD, _forget, path, found)


def _forget(path: Path, found: asyncio.Future[bytes | None]) -> None:
    if _held.get(path) is found:
        del _held[path]


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
