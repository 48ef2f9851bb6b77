"""How long a room gathers what happens before it tells it. Pure.

A frame costs about 10 µs of processor for each viewer, whatever is in it: the more who watch, the
more must go into one. A quiet room hears at once; in a large one that says little, a line waits up
to a third of a second more than in a small one, and when enough wait they go sooner.

Lines are written on beats that every process reads off the same clock, so that what several write
comes at one time, and one frame tells all of it.
"""

from __future__ import annotations

TICK = 0.05  # seconds that every room gathers while its last frame is fresh
LONGEST = 0.4  # seconds that a room with CROWD viewers gathers when little is said
CROWD = 2_000
ENOUGH = 12  # events that are worth a frame to everybody
BUSY = 0.16  # seconds that even then a room with CROWD viewers gathers

TOGETHER = 0.03  # seconds by which the lines of one beat may come apart
REST = 0.025  # seconds that others get between two frames, however large the room
ALONG = 1.5  # times as long waits a number that changed: the next line takes it along
STEPS = (TICK, 0.1, BUSY, 0.25, LONGEST)  # seconds between two beats
GATHERED = 0.75  # times as long waits a line: it was gathered when it was written, on its beat


def gathers(viewers: int, waiting: int) -> float:
    """Seconds between a room's last frame and the next, if `waiting` events are in it."""
    longest = BUSY if waiting >= ENOUGH else LONGEST
    return TICK + (longest - TICK) * min(viewers / CROWD, 1)


def beats(seconds: float) -> float:
    """The shortest of the STEPS that is no shorter."""
    return next((step for step in STEPS if step >= seconds), STEPS[-1])


def until_beat(seconds: float, now: float) -> float:
    """Seconds until the next beat at `now` by everybody's clock; beats lie `seconds` or a little
    more apart.

    In few steps, or two processes that differ by a viewer would not have the same beats. One that
    is too close is let go by: who has just written does not write again.
    """
    apart = beats(seconds)
    left = apart - now % apart
    return left if left > apart / 4 else left + apart
