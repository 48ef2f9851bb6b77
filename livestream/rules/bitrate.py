"""How many bytes a publisher may send. Pure: no clock, no Django.

A bucket that fills at the highest rate we take from a camera and holds what piles up while a
network is away for some seconds; a sender that empties it is no camera of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_CHUNK = 1024 * 1024
RATE = 6_000_000 // 8  # bytes a second
DEPTH = RATE * 15  # the longest blackhole that a recorder may deliver afterwards


@dataclass(frozen=True)
class Budget:
    """What is left to send, and when that was true (in seconds of any steady clock)."""

    left: float = DEPTH
    at: float = 0.0


def spend(budget: Budget, size: int, now: float) -> Budget | None:
    """The budget after `size` bytes at `now`; None if they are too many."""
    left = min(DEPTH, budget.left + max(0.0, now - budget.at) * RATE) - size
    return None if left < 0 else Budget(left, max(now, budget.at))
