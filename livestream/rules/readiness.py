"""How ready a room is, judged from a rehearsal: a score, and what to mend. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from livestream.rules.crowd import LENGTH, Act, Kind
from livestream.rules.rehearsal import Play, Sample

SELDOM = 0.3  # share of the time from which a trouble is no hiccup
DARK, DIM, BRIGHT, GLARING = 35, 60, 205, 235  # luminance of the whole picture, 0–255
HEARD, QUIET = 0.12, 0.03  # the loud tenth of the time, as the level meter shows it
PROMPT = 45  # seconds in which a question should be answered
MOVED_ON = 30  # seconds in which the host goes on from what is sold out
BACK = 15  # seconds in which a lost picture should be back
READY = 80  # a score from which nothing stands in the way


@dataclass(frozen=True)
class Good:
    """What a shelf item lacks."""

    item: int
    product: str
    name: str
    lacks: tuple[str, ...] = ()  # "photo", "price", "stock", "notes"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `points` of `most`, and the figures that its sentence needs."""

    name: str
    points: int
    most: int
    told: str  # which sentence is said about it
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        return self.points == self.most


def judge(
    *, play: Play, acts: Sequence[Act], goods: Sequence[Good], spam: int, elapsed: float
) -> list[Finding]:
    """Every finding of a rehearsal that lasted `elapsed` seconds. `spam` lines are still seen."""
    samples = [Sample(*row) for row in play.samples]
    return [
        _uplink(samples),
        _light(samples),
        _sound(samples),
        _goods(goods),
        _questions(play, acts),
        _spam(acts, spam),
        _sold_out(play, acts, elapsed),
        _cut(play, acts),
    ]


def score(findings: Sequence[Finding]) -> int:
    """0 to 100. What was not tried counts as not ready."""
    most = sum(one.most for one in findings)
    return round(100 * sum(one.points for one in findings) / most) if most else 0


def is_whole(elapsed: float) -> bool:
    """Whether the crowd was there to its end."""
    return elapsed >= LENGTH


def _uplink(samples: Sequence[Sample]) -> Finding:
    """By how the line was, not by its bits: a still picture needs few of them."""
    known = [one for one in samples if one.kbps > 0]
    if not known:
        return Finding("uplink", 0, 20, "untried")
    figures = {"kbps": round(median(one.kbps for one in known))}
    if sum(one.line == 0 for one in known) >= SELDOM * len(known):
        return Finding("uplink", 4, 20, "poor", figures)
    if sum(one.line < 2 for one in known) >= SELDOM * len(known):
        return Finding("uplink", 12, 20, "fair", figures)
    return Finding("uplink", 20, 20, "good", figures)


def _light(samples: Sequence[Sample]) -> Finding:
    if not samples:
        return Finding("light", 0, 10, "untried")
    light = round(median(one.light for one in samples))
    for limit, points, told in ((DARK, 2, "dark"), (DIM, 6, "dim"), (BRIGHT + 1, 10, "good")):
        if light < limit:
            return Finding("light", points, 10, told, {"light": light})
    return Finding("light", 6 if light < GLARING else 2, 10, "bright", {"light": light})


def _sound(samples: Sequence[Sample]) -> Finding:
    if not samples:
        return Finding("sound", 0, 15, "untried")
    loud = sorted(one.loud for one in samples)[int(len(samples) * 0.9)]
    if loud >= HEARD:
        return Finding("sound", 15, 15, "good")
    return Finding("sound", 8, 15, "quiet") if loud >= QUIET else Finding("sound", 0, 15, "silent")


def _goods(goods: Sequence[Good]) -> Finding:
    if not goods:
        return Finding("goods", 0, 25, "none")
    lacking = [one for one in goods if one.lacks]
    share = 1 - sum(len(one.lacks) for one in lacking) / (4 * len(goods))
    named = [
        {"item": one.item, "product": one.product, "name": one.name, "lacks": list(one.lacks)}
        for one in lacking[:8]
    ]
    points = 25 if not lacking else min(24, round(25 * share))
    figures = {"count": len(lacking), "goods": named, "all": len(goods)}
    return Finding("goods", points, 25, "lacking" if lacking else "good", figures)


def _questions(play: Play, acts: Sequence[Act]) -> Finding:
    first: dict[int, float] = {}
    for act in acts:
        if act.kind is Kind.ASK:
            first.setdefault(act.topic, act.at)
    if not first:
        return Finding("questions", 0, 15, "untried")
    took = [play.answered[str(one)] - at for one, at in first.items() if str(one) in play.answered]
    figures = {"asked": len(first), "answered": len(took)}
    if not took:
        return Finding("questions", 0, 15, "none", figures)
    figures["seconds"] = round(median(took))
    points = round(15 * len(took) / len(first))
    if len(took) < len(first):
        return Finding("questions", min(points, 14), 15, "some", figures)
    if figures["seconds"] > PROMPT:
        return Finding("questions", 11, 15, "slow", figures)
    return Finding("questions", 15, 15, "good", figures)


def _spam(acts: Sequence[Act], seen: int) -> Finding:
    sent = sum(act.kind is Kind.SPAM for act in acts)
    if not sent:
        return Finding("spam", 0, 5, "untried")
    if seen:
        return Finding("spam", 0, 5, "seen", {"seen": seen})
    return Finding("spam", 5, 5, "good")


def _sold_out(play: Play, acts: Sequence[Act], elapsed: float) -> Finding:
    gone = next((act.at for act in acts if act.kind is Kind.LAST), None)
    if gone is None or elapsed - gone < MOVED_ON:
        return Finding("sold_out", 0, 5, "untried")
    if not any(opened <= gone for _item, opened, _closed in play.spots):
        return Finding("sold_out", 0, 5, "nothing_shown")
    still = any(
        opened <= gone and (closed is None or closed > gone + MOVED_ON)
        for _item, opened, closed in play.spots
    )
    return Finding("sold_out", 0, 5, "stayed") if still else Finding("sold_out", 5, 5, "good")


def _cut(play: Play, acts: Sequence[Act]) -> Finding:
    if not any(act.kind is Kind.CUT for act in acts):
        return Finding("cut", 0, 5, "untried")
    if play.back is None:
        return Finding("cut", 0, 5, "lost")
    figures = {"seconds": round(play.back)}
    return Finding("cut", 5 if play.back <= BACK else 2, 5, "back", figures)
