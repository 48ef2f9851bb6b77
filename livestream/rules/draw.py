"""The arithmetic of a draw that anyone can check. Pure: seed, beacon and clock are arguments.

open ──close──> closed ──draw──> drawn

Opening publishes SHA-256(seed). Closing freezes the list of handles and publishes its hash. Drawing
publishes the seed and, where one was named at the opening, the value of a public beacon whose round
was drawn after the closing. Whoever has list, seed and value recomputes the winners: rank every
handle by SHA-256(seed ‖ beacon ‖ entries hash ‖ handle), lowest first. Without a beacon the shop
could have chosen its seed with the list in mind, so the page calls such a draw operator-trusted.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from livestream.rules.moderation import fold

LONGEST_PRIZE = 60
LONGEST_PHRASE = 20
MOST_WINNERS = 100
SHORTEST, LONGEST = 1, 60  # minutes that a draw may be open
MOST_WATCHED = 60  # minutes that may be asked for
CLAIM_FOR = timedelta(hours=48)
BEACON_AFTER = timedelta(seconds=10)  # between the planned closing and the named beacon round


class DrawState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"


class EntryBy(StrEnum):
    COMMENT = "comment"
    FOLLOW = "follow"
    PURCHASE = "purchase"
    WATCH = "watch"


MOVES = {
    DrawState.OPEN: frozenset({DrawState.CLOSED}),
    DrawState.CLOSED: frozenset({DrawState.DRAWN}),
    DrawState.DRAWN: frozenset[DrawState](),
}


def may_move(old: DrawState, new: DrawState) -> bool:
    """Whether a draw may go from `old` to `new`. Nothing leads back: there is no second draw."""
    return new in MOVES[old]


def is_draw(
    *,
    entry_by: str,
    phrase: str,
    winners: int,
    minutes: int,
    watch_minutes: int,
    value: int,
    most: int,
) -> bool:
    """Whether these terms are among those that we offer. `value` of one prize, at most `most`."""
    if not 1 <= winners <= MOST_WINNERS or not SHORTEST <= minutes <= LONGEST:
        return False
    if not 0 <= value <= most:
        return False
    match entry_by:
        case EntryBy.COMMENT:
            return 0 < len(phrase) <= LONGEST_PHRASE and bool(fold(phrase))
        case EntryBy.WATCH:
            return 1 <= watch_minutes <= MOST_WATCHED
    return entry_by in set(EntryBy)


def says(text: str, phrase: str) -> bool:
    """Whether a line says the phrase, however wide, accented or spaced it is written."""
    return fold(phrase) in fold(text)


def commitment(seed: str) -> str:
    """SHA-256 of the seed's text, in hex."""
    return hashlib.sha256(seed.encode()).hexdigest()


def entries_hash(handles: Iterable[str]) -> str:
    """SHA-256 over the sorted handles, each with a line feed after it, in hex."""
    digest = hashlib.sha256()
    for handle in sorted(handles):
        digest.update(f"{handle}\n".encode())
    return digest.hexdigest()


def score(handle: str, *, seed: str, beacon: str, frozen: str) -> str:
    """The ticket of one handle; the lowest win. `frozen` is the hash of the entries."""
    return hashlib.sha256(f"{seed}|{beacon}|{frozen}|{handle}".encode()).hexdigest()


def winners(handles: Sequence[str], *, seed: str, beacon: str, count: int) -> list[str]:
    """The `count` winning handles, the first prize first; all of them if there are no more."""
    frozen = entries_hash(handles)
    return heapq.nsmallest(
        count, handles, key=lambda handle: score(handle, seed=seed, beacon=beacon, frozen=frozen)
    )


def claim_by(drawn_at: datetime) -> datetime:
    """Until when a winner may claim."""
    return drawn_at + CLAIM_FOR
