"""When a store is open. Pure: no clock, no Django.

A week is empty (nobody has said) or seven days from Monday on, each `["09:00", "21:00"]` or None
for closed. A day that ends before it begins ends after midnight; one that ends when it begins, at
00:00, is open around the clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

Day = Sequence[str] | None
Week = Sequence[Day]
DAYS = 7
TIME = re.compile(r"(\d{1,2})(?:[:.点时h](\d{2})?分?)?|(\d{2})(\d{2})", re.ASCII)
ALL_DAY = ("00:00", "00:00")


def parse_time(text: str) -> str | None:
    """A time as people write it (9, 9:00, 9.30, 0930, 9点) as "09:00"; None if it is none."""
    typed = unicodedata.normalize("NFKC", text).replace(" ", "").lower()
    match = TIME.fullmatch(typed)
    if match is None:
        return None
    hour = int(match[1] or match[3])
    minute = int(match[2] or match[4] or 0)
    if (hour, minute) == (24, 0):
        hour = 0
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def is_day(opens: str, closes: str) -> bool:
    """Whether two times make a day: the same time twice means nothing, except midnight."""
    return opens != closes or (opens, closes) == ALL_DAY


def fold(week: Week) -> list[tuple[Day, list[tuple[int, int]]]]:
    """Each kind of day once, with the runs of weekdays (first, last) on which it holds.

    In the order of the week, closed days last: [(["09:00", "21:00"], [(0, 4)]), (None, [(5, 6)])].
    """
    kinds: list[Day] = []
    for day in week:
        if day not in kinds:
            kinds.append(day)
    kinds.sort(key=lambda day: day is None)  # stable: the week's order stays
    return [(kind, runs(n for n, day in enumerate(week) if day == kind)) for kind in kinds]


def runs(days: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers in order as runs: 0, 1, 2, 5 is (0, 2), (5, 5)."""
    found: list[tuple[int, int]] = []
    for day in days:
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def open_now(week: Week, weekday: int, time: str) -> bool | None:
    """Whether it is open on `weekday` (0 is Monday) at `time` ("18:30"); None: nobody has said."""
    if not week:
        return None
    return _holds(week[weekday], time) or _goes_on(week[weekday - 1], time)


def _holds(day: Day, time: str) -> bool:
    """Open at `time` of the day itself."""
    if day is None:
        return False
    opens, closes = day
    return time >= opens and (time < closes or closes <= opens)


def _goes_on(day: Day, time: str) -> bool:
    """Still open at `time` of the morning after."""
    return day is not None and day[1] <= day[0] and time < day[1]


def said(clock: str) -> str:
    """09:00 as people say it: 9:00."""
    return clock.removeprefix("0") if clock != "00:00" else clock
