"""drand (https://drand.love): a league of operators who sign a number every few seconds.

No single one of them can know or choose it. What we check is that the answer is of the round we
asked for, and that its randomness is the hash of its signature. The signature itself (BLS, the
key of the whole league) we do not check: the draw's page links to the round, so that anybody can.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.request import urlopen

from django.conf import settings

from livestream.rules import beacon

PATIENCE = 4  # seconds
LARGEST = 16 * 1024  # bytes of an answer


class Drand:
    """One chain of drand, as the settings name it."""

    name = "drand"

    def round_after(self, moment: datetime) -> int:
        return beacon.round_after(moment, **_rhythm())

    def time_of(self, number: int) -> datetime:
        return beacon.time_of(number, **_rhythm())

    def page_of(self, number: int) -> str:
        return f"{settings.DRAND_URL}/public/{number}"

    def value(self, number: int) -> str:
        """The randomness of a round. Raises ConnectionError if it is not there or not sound."""
        try:
            # The address is the operator's own setting, not a visitor's.
            with urlopen(self.page_of(number), timeout=PATIENCE) as answer:  # noqa: S310
                said = json.loads(answer.read(LARGEST))
        except (OSError, ValueError) as trouble:
            raise ConnectionError(f"drand does not answer for round {number}") from trouble
        return _checked(said, number)


def _checked(said: Any, number: int) -> str:
    match said:
        case {"round": int(round_), "randomness": str(value), "signature": str(signature)}:
            if round_ == number and beacon.is_value(value, signature):
                return value
    raise ConnectionError(f"drand gives no sound answer for round {number}")


def _rhythm() -> dict[str, int]:
    return {"genesis": settings.DRAND_GENESIS, "period": settings.DRAND_PERIOD}
