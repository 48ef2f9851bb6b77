"""How many watch, and how long somebody did. Pure.

Each process tells of the stays it saw; a device that sits in two tabs, or in two processes, watches
once. So only what lies after the last moment counted is counted.

How many are there now each process tells with *marks* of the devices it has: short hashes, the
lowest MARKS of them. Whoever has them of all counts each device once: exactly as long as no process
leaves a mark out, and in a larger room by the share of devices found twice among the marks that are
low enough to be told by everybody who has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from heapq import nsmallest
from typing import NamedTuple
from uuid import UUID

MARKS = 1_000  # that one process tells of: six kilobytes every two seconds, however many watch
MARK = 6  # bytes: among a million devices one pair in five hundred rooms is taken for one


@dataclass(frozen=True)
class Stay:
    """One device was there from `since` to `until`."""

    device: UUID
    since: datetime
    until: datetime

    def within(self, first: datetime, last: datetime | None) -> Stay:
        """What of it lies in the show."""
        until = self.until if last is None else min(self.until, last)
        return Stay(self.device, max(self.since, first), until)


def credit(seconds: int, last: datetime | None, stay: Stay) -> tuple[int, datetime]:
    """(seconds watched, last moment counted) with this stay added. Whole seconds only."""
    since = stay.since if last is None else max(stay.since, last)
    more = int((stay.until - since).total_seconds())
    if more <= 0:
        return seconds, since if last is None else last
    return seconds + more, since + timedelta(seconds=more)


class Crowd(NamedTuple):
    """Who watches in one process: how many, and the marks of devices in rising order."""

    viewers: int
    marks: Sequence[bytes] = ()

    @property
    def whole(self) -> bool:
        """Whether no mark is left out."""
        return len(self.marks) < MARKS


def mark_of(device: str) -> bytes:
    """The same for a device in every process; tells nobody which device it is."""
    return blake2b(device.encode(), digest_size=MARK).digest()


def lowest(marks: Iterable[bytes]) -> list[bytes]:
    """Those that are told, in rising order."""
    return nsmallest(MARKS, marks)


def together(crowds: Sequence[Crowd]) -> int:
    """How many watch in all processes, each device once.

    A process that tells no marks, and what has no device, simply adds up.
    """
    viewers = sum(crowd.viewers for crowd in crowds)
    highest = min((crowd.marks[-1] for crowd in crowds if not crowd.whole), default=None)
    told = [mark for one in crowds for mark in one.marks if highest is None or mark <= highest]
    twice = len(told) - len(set(told))
    if not twice:
        return viewers
    marked = sum(len(one.marks) if one.whole else one.viewers for one in crowds)
    fewest = max(crowd.viewers for crowd in crowds)
    return max(viewers - round(twice * marked / len(told)), fewest)
