"""Why stock changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

MOST_AT_ONCE = 999  # of one variant in one order
TILL, TRANSFER = "till", "transfer"  # how the references of our own movements begin


class Reason(StrEnum):
    RECEIVED = "received"
    COUNTER_SALE = "counter_sale"
    ORDER = "order"
    RETURNED = "returned"
    COUNTED = "counted"
    WRITTEN_OFF = "written_off"
    TRANSFERRED = "transferred"


def spread(quantity: int, available: Sequence[int]) -> list[int] | None:
    """How many to take from each place so that as few places as possible are touched.

    `available` holds the pieces of each place, the preferred place first. One place that has all
    is best; otherwise they are emptied in order. None if all together hold too few.
    """
    for place, pieces in enumerate(available):
        if pieces >= quantity:
            return [quantity if other == place else 0 for other in range(len(available))]
    taken = []
    for pieces in available:
        take = min(max(pieces, 0), quantity)
        taken.append(take)
        quantity -= take
    return taken if quantity == 0 else None
