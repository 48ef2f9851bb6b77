"""Public beacons: numbers that nobody knows before their moment and everybody after it.

A beacon has a name and three methods. Which one new draws use is a setting (DRAW_BEACON); a draw
remembers by which it was opened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.conf import settings

from livestream.beacons.drand import Drand


class Beacon(Protocol):
    """What a provider's adapter looks like."""

    name: str

    def round_after(self, moment: datetime) -> int: ...

    def time_of(self, number: int) -> datetime: ...

    def page_of(self, number: int) -> str: ...

    def value(self, number: int) -> str:
        """The value of a round that has come. Raises ConnectionError while it is not to be had."""
        ...


def beacon_named(name: str) -> Beacon | None:
    """The beacon of this name; None for a draw without one."""
    return Drand() if name == Drand.name else None


def beacon() -> Beacon | None:
    """The beacon that new draws use, if any."""
    return beacon_named(settings.DRAW_BEACON)
