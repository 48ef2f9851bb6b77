"""The clip of a product: what was shown of a show while it was being explained. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(seconds=5)  # less is a slip of the finger
LONGEST = timedelta(minutes=3)
BEFORE, AFTER = timedelta(seconds=30), timedelta(seconds=60)  # what an order keeps of its show
LEAD = timedelta(seconds=1)  # the host begins before she has pressed


def clip_of(opened: datetime, closed: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when a spotlight makes a clip; None if it is not over or too short."""
    if closed is None or closed - opened < SHORTEST:
        return None
    return opened - LEAD, min(closed, opened + LONGEST)
