"""How much a cart holds. Pure."""

from __future__ import annotations

from merchants.rules.stock import MOST_AT_ONCE

MOST_GOODS = 50  # different goods of one shop in one cart


def together(inside: int, more: int) -> int:
    """Pieces of one variant after `more` were put in: never more than one order may hold."""
    return min(inside + more, MOST_AT_ONCE)
