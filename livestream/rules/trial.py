"""What is given away in a rehearsal: a coupon, a flash sale, a draw; what the crowd takes of it.

Pure: seconds since the rehearsal began are told. A trial lies in its `Play`, promises nothing to
anybody, and goes with it (docs/adr/0012-rehearsal.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from livestream.rules.crowd import NAMES

MOST_TRIALS = 20  # the newest are kept
EVERY = 3.0  # seconds between two of the crowd
MOST_BITES = 24  # of the crowd take something


class TrialKind(StrEnum):
    DROP = "drop"
    FLASH = "flash"
    DRAW = "draw"


@dataclass(frozen=True)
class Trial:
    """Something offered. Of `total` pieces, copies or winners; `told` is what the console shows."""

    kind: str
    at: float  # when it was announced
    begins: float  # from when the crowd takes of it
    ends: float
    total: int
    told: dict[str, Any] = field(default_factory=dict)
    over: float | None = None  # taken back, ended or drawn before its time

    @property
    def key(self) -> str:
        """What it is known by: its moment, in milliseconds."""
        return str(round(self.at * 1000))

    def is_on(self, elapsed: float) -> bool:
        """Whether it can still be had."""
        return self.over is None and elapsed < self.ends

    def aside(self, elapsed: float) -> int:
        """Pieces of a flash sale that are put aside for it and that nobody has taken yet."""
        on = self.kind == TrialKind.FLASH and self.at <= elapsed and self.is_on(elapsed)
        return self.total - self.taken(elapsed) if on else 0

    def takers(self, elapsed: float) -> list[tuple[float, str]]:
        """When, and who of the crowd, has had a piece of it."""
        count = range(self.taken(elapsed))
        return [(round(self.begins + EVERY * (n + 1), 3), NAMES[n % len(NAMES)]) for n in count]

    def taken(self, elapsed: float) -> int:
        """How many of the crowd have had some of it. A draw takes as many as come."""
        last = min(elapsed, self.ends, self.ends if self.over is None else self.over)
        bites = max(0, int((last - self.begins) / EVERY))
        most = MOST_BITES if self.kind == TrialKind.DRAW else min(self.total, MOST_BITES)
        return min(bites, most)

    def winners(self, elapsed: float) -> list[str]:
        """Who of the crowd has won, once nobody enters any more: always the same ones."""
        entered = min(self.taken(elapsed), len(NAMES))
        if self.is_on(elapsed) or not entered:
            return []
        dice = Random(self.key)  # noqa: S311 (it decides nothing)
        return dice.sample(NAMES[:entered], min(self.total, entered))
