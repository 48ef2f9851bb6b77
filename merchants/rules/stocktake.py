"""The life of a stocktake. Pure.

open ──apply──> applied
  └──discard──> discarded
"""

from __future__ import annotations

from enum import StrEnum


class StocktakeState(StrEnum):
    OPEN = "open"
    APPLIED = "applied"
    DISCARDED = "discarded"
