"""Likes and viewers of a room: numbers that are folded, told and saved, never a row each.

Every process counts its own and tells the others through the channel layer; each saves only what
was tapped in itself, so that the row is their sum.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from livestream import broadcast
from livestream.hub.rows import Rows
from livestream.rules.presence import MARK, Crowd, together

NODE = uuid4().hex  # this process, to the others
DEAF = 6.0  # seconds after which the viewers of a silent process no longer count
TICKER = 5.0  # seconds of sales that become one line


class Likes:
    def __init__(self, room_id: int) -> None:
        self.total = 0
        self._room_id = room_id
        self._shown = 0
        self._untold = 0  # tapped here, and the other processes do not know
        self.unsaved = 0

    def begin(self, total: int) -> None:
        self.total = self._shown = total

    def tap(self, count: int) -> None:
        self.total += count
        self._untold += count
        self.unsaved += count

    def hear(self, node: str, count: int) -> None:
        if node != NODE:
            self.total += count

    def at_least(self, saved: int) -> None:
        """What is in the row was tapped somewhere, though news of it may never have come."""
        self.total = max(self.total, saved)

    def fold(self) -> broadcast.Event | None:
        """Tell the other processes; answer the event for the viewers, if the number has changed."""
        if self._untold:
            broadcast.liked(self._room_id, self._untold, NODE)
            self._untold = 0
        if self.total == self._shown:
            return None
        new = max(self.total - self._shown, 0)
        self._shown = self.total
        return {"type": "likes.counted", "total": self.total, "new": new}


class Entered:
    """How many take part in each draw: told twice a second, however fast they come."""

    def __init__(self) -> None:
        self._entries: dict[str, int] = {}
        self._changed: set[str] = set()

    def hear(self, draw: str, entries: int) -> None:
        """News may overtake each other; nobody leaves a draw, so the most is the newest."""
        if entries > self._entries.get(draw, 0):
            self._entries[draw] = entries
            self._changed.add(draw)

    def fold(self) -> list[broadcast.Event]:
        changed, self._changed = self._changed, set()
        return [
            {"type": "draw.entered", "id": draw, "entries": self._entries[draw]}
            for draw in sorted(changed)
        ]


class Sold:
    """Who just bought: one line for all of five seconds, so that a rush is no flood.

    Every process hears of every sale and folds for its own viewers.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._name = ""
        self._buyers: set[int] = set()
        self._products: Counter[str] = Counter()
        self._told_at = float("-inf")

    def hear(self, name: str, product: str, buyer: int) -> None:
        self._name = name
        self._buyers.add(buyer)
        self._products[product] += 1

    def fold(self) -> broadcast.Event | None:
        """The first sale after a quiet while at once, what follows summed."""
        now = self._clock()
        if not self._products or now - self._told_at < TICKER:
            return None
        event = {
            "type": "sale.made",
            "name": self._name,
            "product": self._products.most_common(1)[0][0],
            "buyers": len(self._buyers),
            "products": len(self._products),
        }
        self._buyers.clear()
        self._products.clear()
        self._told_at = now
        return event


class Viewers:
    """Shoppers who watch, each device once in however many processes; staff are not counted.

    What all processes together have is worked out with the fold, every two seconds, and never for a
    message. While the channel layer is dead the others stay as they were last heard, until the rows
    have told who was there lately; and so for the first seconds of its new life.
    """

    def __init__(
        self, room_id: int, clock: Callable[[], float], crowd: Callable[[], Crowd]
    ) -> None:
        self.here = 0
        self.unsaved_peak = 0
        self._room_id = room_id
        self._clock = clock
        self._crowd = crowd
        self._others: dict[str, tuple[float, Crowd]] = {}
        self.elsewhere = 0  # viewers in other processes
        self._in_rows: int | None = None
        self._deaf_until = float("-inf")
        self._shown = -1

    def hear(self, node: str, count: int, marks: bytes = b"") -> None:
        if node != NODE:
            told = [marks[at : at + MARK] for at in range(0, len(marks), MARK)]
            self._others[node] = (self._clock(), Crowd(count, told))

    def read(self, present: int) -> None:
        """How many devices the rows know to be there, for as long as nobody is heard."""
        self._in_rows = present

    @property
    def total(self) -> int:
        """Here and in every process that was heard of lately."""
        return self.here + self.elsewhere

    def fold(self) -> broadcast.Event | None:
        """Tell the other processes; answer the event for the viewers, if the number has changed."""
        mine = self._crowd()
        broadcast.counted(self._room_id, mine.viewers, b"".join(mine.marks), NODE)
        self.elsewhere = self._count(mine) - mine.viewers
        total = self.total
        if total == self._shown:
            return None
        self._shown = total
        self.unsaved_peak = max(self.unsaved_peak, total)
        return {"type": "viewers.counted", "count": total}

    def _count(self, mine: Crowd) -> int:
        """When the layer listens again, the others need a moment until they have been heard."""
        now = self._clock()
        unheard = bool(broadcast.unheard())
        if unheard:
            self._deaf_until = now + DEAF
        elif now >= self._deaf_until:
            self._in_rows = None
            self._others = {node: one for node, one in self._others.items() if one[0] > now - DEAF}
        if unheard and self._in_rows is not None:
            self._others.clear()
        heard = together([mine, *(crowd for _, crowd in self._others.values())])
        return max(heard, self._in_rows or 0)


async def save(rows: Rows, room_id: int, likes: Likes, viewers: Viewers) -> None:
    """Make rows of what was counted since the last time; what cannot be saved is kept."""
    new, likes.unsaved = likes.unsaved, 0
    peak, viewers.unsaved_peak = viewers.unsaved_peak, 0
    if not new and not peak:
        return
    try:
        # A hub that closes meanwhile must not take back what the thread goes on to commit.
        await asyncio.shield(rows.count(room_id, new, peak))
    except Exception:
        likes.unsaved += new
        viewers.unsaved_peak = max(viewers.unsaved_peak, peak)
        raise
