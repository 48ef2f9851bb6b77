"""Why stock changes, what a scanner may have read, and how a count runs over time. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

MOST_AT_ONCE = 999  # of one variant in one order
TILL, TRANSFER = "till", "transfer"  # how the references of our own movements begin
CORRECTION = "list"  # a number put right in the goods list


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


def codes(typed: str) -> list[str]:
    """The barcodes and SKUs that a typed or scanned text may stand for, the likeliest first.

    Full-width digits are digits; a UPC is the EAN without its leading zero. NUL, which no database
    takes, is left out.
    """
    plain = "".join(unicodedata.normalize("NFKC", typed).replace("\x00", "").split())
    found = [plain, plain.upper(), plain.lower()] if plain else []
    if plain.isascii() and plain.isdigit():
        if len(plain) == 12:
            found.append("0" + plain)
        elif len(plain) == 13 and plain.startswith("0"):
            found.append(plain[1:])
    return list(dict.fromkeys(found))


def closing(now: int, changes: dict[date, int], days: Sequence[date]) -> list[int]:
    """How many lay there when each of `days` ended, from how many lie there `now`.

    `changes` are the sums of each day; days without any are left out of it.
    """
    found = []
    for day in sorted(days, reverse=True):
        found.append(now)
        now -= changes.get(day, 0)
    return found[::-1]


def last_days(today: date, count: int) -> list[date]:
    """The days up to today, the oldest first."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def staircase(values: Sequence[int], *, top: int, width: float, height: float) -> str:
    """An SVG path through the closing counts: a count stays until it changes."""
    slot = width / max(len(values), 1)
    path = ""
    for place, value in enumerate(values):
        y = height - height * min(max(value, 0), top) / max(top, 1)
        path += f"{'V' if path else 'M0,'}{y:.1f}H{slot * (place + 1):.1f}"
    return path
