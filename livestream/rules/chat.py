"""What may be said in a room, and how fast. Pure: the clock is an argument."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from livestream.rules.room import ON_AIR, RoomState

LONGEST = 300  # letters of one line
LONGEST_PINNED = 80  # letters of the line above the chat
LONGEST_KEY = 36  # a UUID as text
SHORTEST_NAME, LONGEST_NAME = 2, 12
MOST_LIKES = 20  # in one frame: half a second of tapping with both thumbs
OPEN_TO_GUESTS = ON_AIR | {RoomState.SCHEDULED}
OPEN_TO_STAFF = OPEN_TO_GUESTS | {RoomState.DRAFT, RoomState.ENDED}  # a rehearsal is not heard

# Invisible letters that turn the line of the next speaker around, or hide in a name.
_UNSEEN = re.compile("[\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """The line as it is kept: one line, no control letters, no reordering of what follows."""
    text = _UNSEEN.sub("", text)
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    return " ".join(text.split())


def folded(name: str) -> str:
    """A name as the eye reads it: without case, width, spaces and letters nobody sees."""
    name = unicodedata.normalize("NFKC", clean(name)).casefold()
    name = "".join(c for c in name if unicodedata.category(c)[0] not in "ZC")
    return unicodedata.normalize("NFKC", name)  # an accent may have found its letter only now


def may_talk(state: str, *, staff: bool, muted: bool) -> bool:
    """Whether somebody may write in a room in this state. Staff are never muted."""
    if staff:
        return state in OPEN_TO_STAFF
    return state in OPEN_TO_GUESTS and not muted


def too_soon(last: datetime | None, seconds: int, now: datetime) -> bool:
    """Whether slow mode still makes a guest wait whose last line came at `last`."""
    return last is not None and now - last < timedelta(seconds=seconds)


@dataclass
class Bucket:
    """Holds up to `size` tokens and gains `rate` a second; each act takes one."""

    size: float
    rate: float
    tokens: float = -1.0
    at: float = 0.0

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take from the bucket; False, and nothing taken, if it holds too little."""
        if self.tokens < 0:
            self.tokens = self.size
        else:
            self.tokens = min(self.size, self.tokens + max(now - self.at, 0.0) * self.rate)
        self.at = now
        if self.tokens < amount:
            return False
        self.tokens -= amount
        return True


def masked(name: str) -> str:
    """A buyer's name as others see it: the first letter, nothing more."""
    return f"{name[:1]}**" if name else "***"
