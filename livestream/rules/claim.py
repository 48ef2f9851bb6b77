"""When a claim of a fair offer counts, and who gets a copy when there are too few. Pure.

An offer opens at an instant of the *programme*. A picture reaches each viewer later than that, one
by a second and another by ten, so the hour at which a claim arrives says little. What counts is how
long after *she* saw the opening it came:

    opened_at ──latency──▶ she sees it ──WINDOW──▶ from here on she is late
                           └── all who press in here are equal; too many: by lot ──┘

Her latency is proved before anybody knows that an offer will open, and is never believed beyond
MOST_LATENCY: that bounds what a dishonest player can win to some more time to press.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

MOST_LATENCY = timedelta(seconds=12)  # a picture further behind is no live picture
WINDOW = timedelta(seconds=4)  # to read and to press
SLACK = timedelta(seconds=1)  # for what is still on its way
EARLY = timedelta(milliseconds=500)  # clocks and frames are not finer than that
PROOF_LIFE = timedelta(seconds=60)
GATHERS = MOST_LATENCY + WINDOW + SLACK


class Verdict(StrEnum):
    EARLY = "early"  # her picture has not reached the offer
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True)
class Proof:
    """What a player proved at a moment: how far its picture is behind."""

    room: str
    device: UUID
    latency: timedelta
    at: datetime


@dataclass(frozen=True)
class Asked:
    """A claim, as far as the order of claims depends on it."""

    handle: str
    on_time: bool
    late_ms: int  # from seeing to claiming


def latency_of(playhead: datetime, now: datetime) -> timedelta | None:
    """How far a picture that shows `playhead` now is behind; None for what cannot be."""
    behind = now - playhead
    if behind < -EARLY or behind > MOST_LATENCY:
        return None
    return max(behind, timedelta(0))


def fits(proof: Proof, *, room: str, device: UUID, opened_at: datetime) -> bool:
    """Whether a proof is of this player in this room, and older than the news of the offer."""
    if (proof.room, proof.device) != (room, device):
        return False
    return opened_at - PROOF_LIFE <= proof.at <= opened_at + EARLY


def judged(opened_at: datetime, latency: timedelta, now: datetime) -> tuple[Verdict, int]:
    """(what a claim that arrives now is, milliseconds since she saw the opening)"""
    since = now - (opened_at + latency)
    verdict = Verdict.LATE
    if since < -EARLY:
        verdict = Verdict.EARLY
    elif since <= WINDOW:
        verdict = Verdict.ON_TIME
    return verdict, max(0, round(since / timedelta(milliseconds=1)))


def lot(handle: str, seed: str) -> str:
    """The lot of one claim; the lowest is served first."""
    return hashlib.sha256(f"{seed}|{handle}".encode()).hexdigest()


def in_turn(claims: Iterable[Asked], seed: str) -> list[str]:
    """The handles in the order in which they are served: who was on time by lot, then the late by
    how late they were.
    """

    def place(one: Asked) -> tuple[bool, int, str]:
        return (not one.on_time, 0 if one.on_time else one.late_ms, lot(one.handle, seed))

    return [one.handle for one in sorted(claims, key=place)]
