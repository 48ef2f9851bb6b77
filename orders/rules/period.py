"""The days that a summary is about. Pure; days are the shop's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
LONGEST = 731  # days, two years
MOST_BARS = 62  # days beside each other; longer periods are told by months


@dataclass(frozen=True)
class Period:
    """From `since` to `until`, both of them in it."""

    since: date
    until: date

    @property
    def length(self) -> int:
        """In days."""
        return (self.until - self.since).days + 1

    @property
    def by_month(self) -> bool:
        return self.length > MOST_BARS

    def slots(self) -> list[date]:
        """The days of it, or the first days of its months."""
        if not self.by_month:
            return [self.since + timedelta(days=place) for place in range(self.length)]
        first, last = self.since.replace(day=1), self.until.replace(day=1)
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        months = range(first.month - 1, first.month - 1 + count)
        return [date(first.year + month // 12, month % 12 + 1, 1) for month in months]


def this_month(today: date) -> Period:
    return Period(today.replace(day=1), today)
