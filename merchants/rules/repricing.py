"""How prices of many goods change at once. Pure; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST = 10_000_000_00  # nothing in a shop costs more: a slip of the finger


class Way(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    FIXED = "fixed"


@dataclass(frozen=True)
class Repricing:
    """`value` is percent (-10 is a tenth off), minor units to add, or the new price.

    With `keep_was` a price that falls is shown beside the old one. `unit` is how many minor units
    make a whole one: 100 of a yuan, 1 of a yen.
    """

    way: Way
    value: int
    keep_was: bool = False
    unit: int = 100

    def of(self, price: int) -> int | None:
        """The new price, rounded to whole units if the old one was; None if nobody could pay it."""
        match self.way:
            case Way.PERCENT:
                fresh = _round(price * (100 + self.value), 100)
                if price % self.unit == 0:
                    fresh = _round(fresh, self.unit) * self.unit or fresh
            case Way.AMOUNT:
                fresh = price + self.value
            case Way.FIXED:
                fresh = self.value
        return fresh if 0 < fresh <= MOST else None

    def before(self, price: int, compare_at: int | None) -> int | None:
        """The price to show as the former one beside the new price, or None."""
        fresh = self.of(price)
        if fresh is None:
            return compare_at
        former = compare_at
        if self.keep_was and fresh < price:
            former = max(price, compare_at or 0)
        return former if former is not None and former > fresh else None


def _round(number: int, by: int) -> int:
    """number / by, half up."""
    return (number + by // 2) // by
