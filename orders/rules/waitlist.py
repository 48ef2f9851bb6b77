"""Waiting for what is sold out. Pure.

waiting ──offer──> offered ──take──> taken
   │                  ├──decline──> declined
   │                  └──time──> lapsed
   └──leave──> left
Pieces that come free are held for whoever has waited longest, for OFFER; then for the next.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

OFFER = timedelta(minutes=30)
MOST_PIECES = 9  # for which one person may wait
MOST_LISTS = 5  # on which one device, or one number, may stand at once
MOST_LAPSED = 2  # offers of one thing that she lets run out before a PAUSE
PAUSE = timedelta(days=1)
MOST_WAITING = 1000  # for one variant
LOOK_AT = 20  # of those in front who can be served, in one go
REMEMBERED = timedelta(days=90)  # that a phone number is kept after its wait is over, or in vain


class WaitState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT = "left"


OPEN = frozenset({WaitState.WAITING, WaitState.OFFERED})


def held_under(public_id: str) -> str:
    """The reference under which an offer's pieces are held."""
    return f"wait:{public_id}"
