"""What the platform may say of a refund that a shop refused. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

WITHIN = timedelta(days=14)  # of the refusal
MOST_TEXT = 500


class Verdict(StrEnum):
    GIVEN = "given"  # what was refused is agreed after all
    STANDS = "stands"  # the refusal stays


def in_time(refused_at: datetime, now: datetime) -> bool:
    """Whether the buyer may still ask the platform."""
    return now < refused_at + WITHIN
