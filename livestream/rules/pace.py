"""How long a room gathers what happens before it tells it. Pure.

A frame costs about 10 µs of processor for each viewer, whatever is in it: the more who watch, the
more must go into one. A quiet room hears at once; in a large one that says little, a line waits up
to a quarter of a second more than in a small one, and when enough wait they go sooner.
"""

from __future__ import annotations

TICK = 0.05  # seconds that every room gathers while its last frame is fresh
LONGEST = 0.3  # seconds that a room with CROWD viewers gathers when little is said
CROWD = 2_000
ENOUGH = 12  # events that are worth a frame to everybody
BUSY = 0.12  # seconds that even then a room with CROWD viewers gathers


def gathers(viewers: int, waiting: int) -> float:
    """Seconds between a room's last frame and the next, if `waiting` events are in it."""
    longest = BUSY if waiting >= ENOUGH else LONGEST
    return TICK + (longest - TICK) * min(viewers / CROWD, 1)
