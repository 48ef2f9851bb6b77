"""When a flash sale runs, and what it may ask for. Pure: the clock is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

WARM_UP = (10, 300)  # seconds between the announcement and the first piece
RUNS = (1, 20)  # minutes
LEAST_PRICE = 1
HEARD = timedelta(seconds=30)  # that we may hear later of a payment than it was made


class FlashState(StrEnum):
    WARMING = "warming"
    OPEN = "open"
    SOLD_OUT = "sold_out"
    OVER = "over"


def window(warm_up: int, minutes: int, now: datetime) -> tuple[datetime, datetime] | None:
    """(first, last moment) of a sale announced now; None if a length is none that we offer."""
    if not WARM_UP[0] <= warm_up <= WARM_UP[1] or not RUNS[0] <= minutes <= RUNS[1]:
        return None
    starts = now + timedelta(seconds=warm_up)
    return starts, starts + timedelta(minutes=minutes)


def state_at(
    now: datetime,
    *,
    starts_at: datetime,
    ends_at: datetime,
    closed_at: datetime | None,
    left: int,
) -> FlashState:
    """What a sale is at this moment; its price holds only while it is OPEN."""
    if closed_at is not None or now >= ends_at:
        return FlashState.OVER
    if now < starts_at:
        return FlashState.WARMING
    return FlashState.OPEN if left > 0 else FlashState.SOLD_OUT
