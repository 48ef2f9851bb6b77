"""Where a store lies on the map, as a person pastes it. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)"
PAIR = re.compile(rf"{NUMBER}°?\s*[,;\s、/]\s*{NUMBER}°?", re.ASCII)
STEP = Decimal("0.000001")  # a hand's breadth
MOST_NORTH, MOST_EAST = 90, 180


def parse_place(text: str) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude of "30.2741, 120.1551"; None if it is no place on earth."""
    match = PAIR.fullmatch(unicodedata.normalize("NFKC", text).strip(" ()[]"))
    if match is None:
        return None
    north, east = (Decimal(number).quantize(STEP) for number in match.groups())
    if abs(north) > MOST_NORTH or abs(east) > MOST_EAST:
        return None
    return north, east
