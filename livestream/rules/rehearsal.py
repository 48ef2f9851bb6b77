"""What came of the crowd, and of what the crew did about it. Pure: seconds since it began are told.

A `Play` is all that a rehearsal remembers while it runs. It lies in the rehearsal's own row and
goes with its end; no table of the shop ever hears of it (docs/adr/0012-rehearsal.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from livestream.rules.crowd import Act, Kind
from livestream.rules.trial import MOST_TRIALS, Trial, TrialKind

MOST_LINES = 200  # of the crew
MOST_SAMPLES = 240  # of light, sound and uplink
LINES = {Kind.SAY, Kind.ASK, Kind.SPAM}


@dataclass(frozen=True)
class Sample:
    """Five seconds of a picture: luminance 0–255, loudness 0–1, kbit/s that arrived, and how the
    line was: 2 good, 1 fair, 0 poor.
    """

    light: float
    loud: float
    kbps: float
    line: int = 2


@dataclass
class Play:
    """What the crew did. Times are seconds since the rehearsal began; acts go by their key."""

    spots: list[list[Any]] = field(default_factory=list)  # [item, opened, closed or None]
    said: list[dict[str, Any]] = field(default_factory=list)  # at, name, badge, text, reply, kind
    answered: dict[str, float] = field(default_factory=dict)  # topic -> when
    aside: list[int] = field(default_factory=list)  # topics
    hidden: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)  # held lines that wait no more
    approved: list[int] = field(default_factory=list)
    silenced: dict[str, float] = field(default_factory=dict)  # name -> since when
    samples: list[list[Any]] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    pinned: str = ""
    back: float | None = None  # seconds the picture was away when the line was cut

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Play:
        """A play out of what was kept of it; what is missing is as at the beginning."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        return cls(**known)

    def kept(self) -> dict[str, Any]:
        """A play as JSON keeps it."""
        return asdict(self)

    # --- what the crew does ---------------------------------------------------------------------

    def show(self, item: int | None, at: float) -> None:
        """Explain an item from now on, or nothing."""
        if self.on_now() == item:
            return
        if self.spots and self.spots[-1][2] is None:
            self.spots[-1][2] = at
        if item is not None:
            self.spots.append([item, at, None])

    def say(
        self,
        *,
        name: str,
        badge: str,
        text: str,
        reply: int | None,
        at: float,
        kind: str = "say",
    ) -> None:
        """Somebody of the crew writes; beyond MOST_LINES the oldest are forgotten."""
        line = {"at": at, "name": name, "badge": badge, "text": text, "reply": reply, "kind": kind}
        self.said = [*self.said, line][-MOST_LINES:]

    def answer(self, topic: int, at: float) -> None:
        """A question was answered, aloud or in the chat; the first answer counts."""
        self.answered.setdefault(str(topic), at)

    def measure(self, sample: Sample) -> None:
        """Note how picture, sound and uplink were."""
        row = [sample.light, sample.loud, sample.kbps, sample.line]
        self.samples = [*self.samples, row][-MOST_SAMPLES:]

    def give(self, trial: Trial) -> None:
        """Offer something to the crowd; beyond MOST_TRIALS the oldest are forgotten."""
        self.trials = [*self.trials, asdict(trial)][-MOST_TRIALS:]

    def end_trial(self, kind: TrialKind, key: str, at: float) -> bool:
        """Over before its time; False if there is none of that kind, or it is over."""
        for place, one in enumerate(self.offered()):
            if one.kind == kind and one.key == key and one.is_on(at):
                self.trials[place] = asdict(replace(one, over=at))
                return True
        return False

    # --- what holds -----------------------------------------------------------------------------

    def on_now(self) -> int | None:
        """The item that is being explained."""
        return self.spots[-1][0] if self.spots and self.spots[-1][2] is None else None

    def item_at(self, at: float, first: int | None) -> int | None:
        """What was being explained then, or had been last; before everything the `first`."""
        begun = [spot[0] for spot in self.spots if spot[1] <= at]
        return begun[-1] if begun else first

    def offered(self) -> list[Trial]:
        """Everything that was offered, the oldest first."""
        return [Trial(**one) for one in self.trials]

    def running(self, kind: str, elapsed: float) -> list[Trial]:
        """What of a kind can still be had."""
        return [one for one in self.offered() if one.kind == kind and one.is_on(elapsed)]

    def is_open(self, topic: int) -> bool:
        """Whether a question still wants an answer."""
        return str(topic) not in self.answered and topic not in self.aside


@dataclass(frozen=True)
class Bought:
    """A simulated purchase of one piece; `price` in minor units is that of a flash sale."""

    act: Act
    item: int
    price: int | None = None


def visible(play: Play, acts: Sequence[Act], held: Sequence[int] = ()) -> list[Act]:
    """The lines of the crowd that stand in the chat. `held` are keys of those that must wait."""
    waits = set(held) - set(play.approved)
    return [
        act
        for act in acts
        if act.kind in LINES
        and act.key not in play.hidden
        and act.key not in waits
        and not act.at > play.silenced.get(act.who, act.at)
    ]


def bought(play: Play, acts: Sequence[Act], first: int | None) -> list[Bought]:
    """What the crowd has bought so far: always what was being explained."""
    found = []
    for act in acts:
        item = play.item_at(act.at, first) if act.kind in {Kind.BUY, Kind.LAST} else None
        if item is not None:
            found.append(Bought(act, item))
    return found


def flash_bought(play: Play, elapsed: float) -> list[Bought]:
    """What the crowd has bought of the flash sales that are tried, at their price."""
    return [
        Bought(Act(at, Kind.BUY, who), one.told["item"], one.told["price"])
        for one in play.offered()
        if one.kind == TrialKind.FLASH
        for at, who in one.takers(elapsed)
    ]


def put_aside(play: Play, item: int, elapsed: float) -> int:
    """Pieces of an item that wait for the buyers of a flash sale, and for nobody else."""
    mine = [one for one in play.offered() if one.told.get("item") == item]
    return sum(one.aside(elapsed) for one in mine)


def left_after(left: int, item: int, sales: Sequence[Bought], aside: int = 0) -> int:
    """How many pieces seem to be left of an item: each purchase takes one, the last takes all."""
    mine = [sale for sale in sales if sale.item == item]
    if any(sale.act.kind is Kind.LAST for sale in mine):
        return 0
    return max(0, left - len(mine) - aside)
