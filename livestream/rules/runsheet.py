"""The run sheet: how long each item is planned for, and how the show stands against it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_ITEM = 240  # minutes
LATE = 60  # seconds behind the plan from which it is worth a word


@dataclass(frozen=True)
class Step:
    """One item of the run sheet, and the seconds that were spent on it so far."""

    item: int
    minutes: int | None = None
    spent: int = 0


@dataclass(frozen=True)
class Plan:
    """Minutes planned in all and still to go, items without a time, seconds behind what was
    planned for what has been shown (negative: ahead), and when the rest would be done.
    """

    minutes: int
    to_go: int
    untimed: int
    behind: int
    until: datetime

    @property
    def is_late(self) -> bool:
        return self.behind >= LATE


def plan(
    steps: Sequence[Step], *, shown: Collection[int], on_now: int | None, begins: datetime
) -> Plan:
    """How the show stands. `shown` have been explained; from `begins` on what is to go takes its
    time: the planned start of a show that is ahead, else now.
    """
    total = behind = 0
    to_go = 0.0
    for step in steps:
        planned = (step.minutes or 0) * 60
        total += planned
        if step.item == on_now:
            behind += max(0, step.spent - planned) if step.minutes else 0
            to_go += max(0, planned - step.spent)
        elif step.item in shown:
            behind += step.spent - planned if step.minutes else 0
        else:
            to_go += planned
    return Plan(
        minutes=total // 60,
        to_go=round(to_go / 60),
        untimed=sum(step.minutes is None for step in steps),
        behind=behind,
        until=begins + timedelta(seconds=to_go),
    )


def parts(objection: str) -> tuple[str, str]:
    """What they object, and what to answer: the first line, and the rest."""
    said, _line, answer = objection.strip().partition("\n")
    return said.strip(), answer.strip()


def moved(order: Sequence[int], item: int, before: int | None) -> list[int]:
    """The same items with one of them put before another; without another, or one that is not
    there, it goes last.
    """
    rest = [one for one in order if one != item]
    place = rest.index(before) if before in rest else len(rest)
    return [*rest[:place], item, *rest[place:]]
