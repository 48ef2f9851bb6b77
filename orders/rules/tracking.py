"""What a carrier says of a parcel, and when it is asked again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST_WAIT = timedelta(minutes=30)  # between two questions about one parcel, whoever asks
TOLD_WAIT = timedelta(hours=6)  # where the provider tells by itself, and may have been missed
GIVEN_UP = timedelta(days=45)  # a parcel of which nothing came so long is asked about no more


class ParcelState(StrEnum):
    COLLECTED = "collected"
    MOVING = "moving"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    TROUBLE = "trouble"  # refused, sent back, not found: a person has to look


@dataclass(frozen=True)
class Seen:
    """Where a parcel was at some moment, in the carrier's own words."""

    at: datetime
    text: str
    state: ParcelState
