"""When a public beacon speaks. Pure: rounds come every `period` seconds from `genesis` on.

A draw names a round that lies after its closing, so nobody can know its value while the list of
entries can still change. Closed later than that round, the value was public before the list was
frozen, and the draw is no more than the shop's word.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

LARGEST_VALUE = 128  # letters


def round_after(moment: datetime, *, genesis: int, period: int) -> int:
    """The first round after `moment`; round 1 comes at `genesis`, in seconds since 1970."""
    return max(0, int(moment.timestamp()) - genesis) // period + 2


def time_of(number: int, *, genesis: int, period: int) -> datetime:
    """When a round comes."""
    return datetime.fromtimestamp(genesis + (number - 1) * period, tz=UTC)


def is_value(randomness: str, signature: str) -> bool:
    """Whether a value is what drand makes of its signature: SHA-256 of its bytes, in hex."""
    try:
        made = hashlib.sha256(bytes.fromhex(signature)).hexdigest()
    except ValueError:
        return False
    return bool(signature) and made == randomness
