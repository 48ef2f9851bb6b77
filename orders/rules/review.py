"""What those say who bought: who may, when, how much. Pure.

Written once for a line whose goods have arrived; one word more from the next day on, when they have
been used; one reply of the shop. Words may be hidden for one of HideReason; the stars stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from merchants.rules.line import visible
from orders.rules.line import LineState

ARRIVED = frozenset({LineState.DELIVERED, LineState.COLLECTED, LineState.COMPLETED})
STARS = (5, 4, 3, 2, 1)
MOST_TEXT = 500
MOST_PHOTOS = 6
USED_AFTER = timedelta(days=1)  # what was held in the hand for an hour has not been used


class HideReason(StrEnum):
    """Why a shop may hide what somebody wrote. That it is not pleased is none of them."""

    INSULT = "insult"
    ADVERTISING = "advertising"
    PRIVATE = "private"
    OTHER_GOODS = "other_goods"


class ReviewMove(StrEnum):
    HIDDEN = "hidden"
    SHOWN = "shown"


def may_follow(written_at: datetime, now: datetime) -> bool:
    """Whether she has had it long enough to tell how it turned out."""
    return now >= written_at + USED_AFTER


def tidy(text: str) -> str:
    """What somebody wrote, without what nobody can see, no longer than may be."""
    return visible(text.replace("\r\n", "\n")).strip()[:MOST_TEXT].rstrip()


def masked_name(name: str) -> str:
    """The first letter of a name and no more: 沈**."""
    return f"{name.strip()[:1] or '*'}**"
