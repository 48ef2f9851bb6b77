"""The life of a room. Pure.

draft ──schedule──> scheduled ──start──> live ⇄ paused
  ↑                   ↑  ├──> expired    live ⇄ interrupted   (stream lost; it keeps selling)
  └──> rehearsing <───┘  └──> cancelled  live | paused | interrupted ──> ended
A rehearsal goes back to where it came from. Any state may become banned.
Final: ended, expired, cancelled, banned.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class RoomState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    REHEARSING = "rehearsing"
    LIVE = "live"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BANNED = "banned"


_S = RoomState
MOVES: dict[RoomState, frozenset[RoomState]] = {
    _S.DRAFT: frozenset({_S.SCHEDULED, _S.REHEARSING, _S.CANCELLED, _S.BANNED}),
    _S.SCHEDULED: frozenset({_S.LIVE, _S.REHEARSING, _S.EXPIRED, _S.CANCELLED, _S.BANNED}),
    _S.REHEARSING: frozenset({_S.DRAFT, _S.SCHEDULED, _S.BANNED}),
    _S.LIVE: frozenset({_S.PAUSED, _S.INTERRUPTED, _S.ENDED, _S.BANNED}),
    _S.PAUSED: frozenset({_S.LIVE, _S.ENDED, _S.BANNED}),
    _S.INTERRUPTED: frozenset({_S.LIVE, _S.ENDED, _S.BANNED}),
    _S.ENDED: frozenset({_S.BANNED}),
    _S.EXPIRED: frozenset({_S.BANNED}),
    _S.CANCELLED: frozenset({_S.BANNED}),
    _S.BANNED: frozenset(),
}
ON_AIR = frozenset({_S.LIVE, _S.PAUSED, _S.INTERRUPTED})
OVER = frozenset({_S.ENDED, _S.EXPIRED, _S.CANCELLED, _S.BANNED})
NOT_BEGUN = frozenset({_S.DRAFT, _S.SCHEDULED})
SHELF_OPEN = ON_AIR | NOT_BEGUN | {_S.REHEARSING}  # what stands on the shelf may still change
SELLING = ON_AIR | {_S.SCHEDULED, _S.ENDED}  # before and after the show at the shop's prices
PUBLIC = ON_AIR | {_S.SCHEDULED, _S.ENDED, _S.EXPIRED, _S.CANCELLED}
WECHAT = {  # the numbers of the closed service, for code written against it
    _S.LIVE: 101,
    _S.SCHEDULED: 102,
    _S.ENDED: 103,
    _S.BANNED: 104,
    _S.PAUSED: 105,
    _S.INTERRUPTED: 106,
    _S.EXPIRED: 107,
}
FURTHEST_START = timedelta(days=183)
LATE_START = timedelta(hours=24)  # a scheduled room not started by then has expired
LONG_REHEARSAL = timedelta(minutes=10)  # without a picture: nobody is there any more
LONGEST_SHOW = timedelta(hours=24)
GRACE_MINUTES = 30  # how long a show without a picture goes on, unless its room says otherwise
PAUSE_MINUTES = 60  # and how long a pause may last, until the show counts as forgotten
SOON = timedelta(minutes=10)  # so long before a show ends by itself its staff are told
SHELF_LIMIT = 500
TITLE_UNITS = 34  # a hanzi counts two, a Latin letter one


def may_move(old: RoomState, new: RoomState) -> bool:
    """Whether a room may go from `old` to `new` in one step."""
    return new in MOVES[old]


def title_units(title: str) -> int:
    """The width of a title: a letter outside ASCII counts two."""
    return sum(1 if letter.isascii() else 2 for letter in title)


def is_title(title: str) -> bool:
    """3–17 hanzi, or as wide in Latin letters."""
    return 6 <= title_units(title.strip()) <= TITLE_UNITS


def may_start_at(starts_at: datetime, now: datetime) -> bool:
    """From now (a minute's grace for the form) to half a year ahead."""
    return now - timedelta(minutes=1) <= starts_at <= now + FURTHEST_START


def gives_up_at(since: datetime | None, minutes: int) -> datetime | None:
    """When a show that has rested since then has used up its `minutes` (0: never)."""
    return since + timedelta(minutes=minutes) if since is not None and minutes > 0 else None


def is_lost(since: datetime | None, minutes: int, now: datetime) -> bool:
    """Whether a show that has rested since then, without a picture or paused, is given up."""
    at = gives_up_at(since, minutes)
    return at is not None and now >= at
