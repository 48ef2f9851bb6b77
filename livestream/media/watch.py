"""One look at a show's newest playlist, shared by everyone in this process who waits for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from livestream.media.disk import look_up
from livestream.rules.playlist import CLOSING

LOOK = 0.02  # seconds between two looks at the file
PATIENCE = 4.0  # seconds until a viewer is told that nothing has come
AHEAD = 2  # segments in advance that a player may ask for
_FIRST = re.compile(r"#EXT-X-MEDIA-SEQUENCE:(\d+)")
_HINT = re.compile(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"')


Mark = tuple[int, int, int]  # inode, time and size of a file: another version has another


class Watch:
    """The playlist as last seen, and who waits for the next one."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ll.m3u8"
        self.users = 0
        self.text = b""
        self.ended = False
        self.hint = ""
        self.open_number = 0  # of the segment that is being written
        self.open_parts = 0
        self._seen: Mark | None = None
        self._looking: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._poller: asyncio.Task[None] | None = None

    @property
    def exists(self) -> bool:
        return self._seen is not None

    async def look(self) -> None:
        """Read the file if it has changed, and wake who waits for that. One look serves all.

        A look that began before the question is no answer: the next one is.
        """
        if self._looking is not None and not self._looking.done():
            await asyncio.shield(self._looking)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            seen, text = await look_up(_changed, self.path, self._seen)
        except OSError:
            self._seen = None
            self._wake()
            return
        if seen != self._seen:
            self.text, self._seen = text, seen
            self._measure(text.decode())
            self._wake()  # here, for after a newcomer's look the poller finds nothing new

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for change in waiting:
            if not change.done():
                change.set_result(None)

    def has(self, number: int | None, part: int | None) -> bool:
        """Whether a player's _HLS_msn and _HLS_part are met, or never will be."""
        if number is None or self.ended or not self.exists:
            return True
        if number < self.open_number:
            return True
        return number == self.open_number and part is not None and self.open_parts > part

    def too_far(self, number: int) -> bool:
        return not self.ended and number > self.open_number + AHEAD

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait until `done`, or until patience ends."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PATIENCE
        while not done() and (left := give_up - loop.time()) > 0:
            change = loop.create_future()
            self._waiting.add(change)
            if self._poller is None or self._poller.done():
                self._poller = asyncio.create_task(self._poll())
            await asyncio.wait([change], timeout=left)
            self._waiting.discard(change)

    async def _poll(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK)
            await self.look()

    def _measure(self, text: str) -> None:
        first = _FIRST.search(text)
        closed, _, tail = text.rpartition("#EXTINF:")
        self.open_number = int(first[1]) if first else 0
        self.open_number += closed.count("#EXTINF:") + bool(closed)
        self.open_parts = tail.count("#EXT-X-PART:")
        self.ended = CLOSING in tail
        hint = _HINT.search(tail)
        self.hint = hint[1] if hint else ""


def _changed(path: Path, before: Mark | None) -> tuple[Mark, bytes]:
    """What tells this version of a file from the last, and its text if it is another."""
    stat = path.stat()
    mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return mark, b"" if mark == before else path.read_bytes()


_watches: dict[Path, Watch] = {}


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Watch]:
    """The watch of a show; forgotten when its last user leaves."""
    watch = _watches.setdefault(folder, Watch(folder))
    watch.users += 1
    try:
        if not watch._waiting:  # else its poller keeps it fresh
            await watch.look()
        yield watch
    finally:
        watch.users -= 1
        if not watch.users:
            _watches.pop(folder, None)
