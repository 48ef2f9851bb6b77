"""The crowd of a rehearsal: who comes, asks, buys and spams, and when the line is cut. Pure.

A seed and the seconds since the rehearsal began say all of it. So nobody has to drive the crowd and
nothing of it has to be kept: every console, every process and every reload sees the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

LENGTH = 150  # seconds until the crowd has gone home
CUT_SECONDS = 6  # the line is cut for so long
JITTER = 2.0  # seconds by which a seed moves each act
NAMES = ("许阿姨", "陈工", "沈梅", "苏老师", "May", "何先生", "林小满", "Leo", "老周", "小满")
SPAMMER = "用户8841"


class Kind(StrEnum):
    SAY = "say"
    ASK = "ask"
    SPAM = "spam"
    BUY = "buy"
    LAST = "last"  # takes every piece that is left of what is being explained
    CUT = "cut"
    OVER = "over"


@dataclass(frozen=True)
class Act:
    """One thing that happens. `words` names its sentence; who asks the same shares the `topic`."""

    at: float  # seconds since the rehearsal began
    kind: Kind
    who: str = ""
    words: str = ""
    topic: int = 0

    @property
    def key(self) -> int:
        """What it is known by: its place in time, in milliseconds."""
        return round(self.at * 1000)


# (second, kind, words, topic)
SCRIPT = (
    (4, Kind.SAY, "evening", 0),
    (12, Kind.ASK, "made", 1),
    (19, Kind.SAY, "nice", 0),
    (26, Kind.ASK, "made_again", 1),
    (34, Kind.BUY, "", 0),
    (42, Kind.SPAM, "advert", 0),
    (47, Kind.SPAM, "advert", 0),
    (55, Kind.ASK, "bigger", 2),
    (64, Kind.ASK, "ship", 3),
    (76, Kind.LAST, "", 0),
    (82, Kind.SAY, "gone", 0),
    (96, Kind.CUT, "", 0),
    (115, Kind.ASK, "keeps", 4),
    (128, Kind.BUY, "", 0),
    (140, Kind.SAY, "thanks", 0),
    (LENGTH, Kind.OVER, "", 0),
)
TOPICS = 4


def crowd(seed: int, elapsed: float) -> list[Act]:
    """Everything that has happened after so many seconds, in order."""
    dice = Random(seed)  # noqa: S311 (it decides nothing)
    names = dice.sample(NAMES, len(NAMES))
    acts = []
    for number, (second, kind, words, topic) in enumerate(SCRIPT):
        moved = second + (dice.random() * JITTER if kind is not Kind.OVER else 0)
        who = SPAMMER if kind is Kind.SPAM else names[number % len(names)]
        acts.append(Act(round(moved, 3), kind, who, words, topic))
    return [act for act in acts if act.at <= elapsed]


def watching(seed: int, elapsed: float) -> int:
    """How many seem to watch: they come in the first minute, some go at the end."""
    most = Random(seed).randint(24, 60)  # noqa: S311
    come = min(1.0, elapsed / 60)
    left = max(0.0, min(1.0, (elapsed - LENGTH + 30) / 30)) * 0.4
    return max(0, round(most * (come - left)))
