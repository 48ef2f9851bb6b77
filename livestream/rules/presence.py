"""How long somebody watched. Pure.

Each process tells of the stays it saw; a device that sits in two tabs, or in two processes, watches
once. So only what lies after the last moment counted is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


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
