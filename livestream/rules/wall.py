"""A show by the minute, for the wall screen. Pure: rows in, what is drawn and compared out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
LONGEST = 24 * 60  # minutes that are drawn; a longer show keeps its newest
WINDOW = 5  # minutes that are set against as many before


@dataclass(frozen=True)
class Moment:
    """One minute: most viewers at once, who came new, orders placed, money paid in minor units."""

    at: datetime
    viewers: int = 0
    arrived: int = 0
    orders: int = 0
    turnover: int = 0


@dataclass(frozen=True)
class Trend:
    """A sum over the last minutes, and over as many before them."""

    now: int
    before: int

    @property
    def way(self) -> str:
        return "up" if self.now > self.before else "down" if self.now < self.before else ""


@dataclass(frozen=True)
class Stage:
    """How many got so far, in percent of those who came in; never beyond the bar."""

    name: str
    count: int
    percent: float


def whole(at: datetime) -> datetime:
    """The minute that a moment lies in."""
    return at.replace(second=0, microsecond=0)


def by_minute(
    first: datetime,
    last: datetime,
    seen: Mapping[datetime, tuple[int, int]],
    placed: Mapping[datetime, int],
    paid: Mapping[datetime, int],
) -> list[Moment]:
    """Every minute from `first` to `last`. In one that nobody wrote into, nobody watched.

    The last is left out as long as its viewers are not counted: a line must not fall to zero with
    each new minute.
    """
    end = whole(last)
    start = max(whole(first), end - LONGEST * MINUTE)
    count = int((end - start) / MINUTE) + 1
    minutes = [start + place * MINUTE for place in range(max(count, 0))]
    if len(minutes) > 1 and minutes[-1] not in seen:
        minutes.pop()
    return [
        Moment(at, *seen.get(at, (0, 0)), orders=placed.get(at, 0), turnover=paid.get(at, 0))
        for at in minutes
    ]


def trend(moments: Sequence[Moment], name: str, until: datetime) -> Trend:
    """The last five whole minutes before `until` against the five before: none is half over."""
    end = whole(until)
    ages = [(int((end - one.at) / MINUTE), getattr(one, name)) for one in moments]
    return Trend(
        now=sum(value for age, value in ages if 1 <= age <= WINDOW),
        before=sum(value for age, value in ages if WINDOW < age <= 2 * WINDOW),
    )


def stages(counts: Sequence[tuple[str, int]]) -> list[Stage]:
    """From coming in to paying. Who buys without being counted as a viewer fills no bar twice."""
    most = counts[0][1] if counts else 0
    return [
        Stage(name, count, round(100 * min(count, most) / most, 1) if most else 0.0)
        for name, count in counts
    ]
