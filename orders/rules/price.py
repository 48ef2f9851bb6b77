"""What an order costs, line by line. Pure; every amount is in minor units of one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orders.rules.shipping import Rate

MOST = 10**12  # no order is worth more: a guard against nonsense, far inside 64 bits


class PriceRule(StrEnum):
    """What made the price of a line. A coupon comes on top, and is told by itself."""

    LIST = "list"
    LIVE = "live"  # of the show it was bought in
    FLASH = "flash"  # of a flash sale, and goes before the show's
    GIFT = "gift"  # a coupon brings it: one piece, for nothing
    SWAP = "swap"  # goods that were given back have paid for it


@dataclass(frozen=True)
class Priced:
    """One line: how many, what one costs by the list, what one costs now, and why."""

    quantity: int
    list_price: int
    unit_price: int
    rule: PriceRule = PriceRule.LIST

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price

    @property
    def list_amount(self) -> int:
        return self.quantity * self.list_price


def priced(quantity: int, listed: int, special: int | None, *, flash: bool) -> Priced:
    """A line at its special price, if there is one and it is lower than the list's."""
    if special is None or special >= listed:
        return Priced(quantity, listed, listed)
    return Priced(quantity, listed, special, PriceRule.FLASH if flash else PriceRule.LIVE)


def given(listed: int) -> Priced:
    """The line of a gift."""
    return Priced(1, listed, 0, PriceRule.GIFT)


@dataclass(frozen=True)
class Total:
    """How a total came about. `goods − discount + shipping = total`, never below zero."""

    goods: int
    discount: int
    shipping: int

    @property
    def total(self) -> int:
        return self.goods - self.discount + self.shipping


def total(lines: Sequence[Priced], *, rate: Rate | None) -> Total:
    """Add a basket up, without a coupon. Without a rate nothing is sent: it is collected."""
    goods = sum(line.amount for line in lines)
    return Total(goods=goods, discount=0, shipping=rate.price(goods) if rate else 0)


def share(discount: int, amounts: Sequence[int]) -> list[int]:
    """Spread a discount over lines by their amounts: sums exactly, no line below zero.

    Largest remainder: each gets its floor, the left-over cents go where the fraction was largest.
    """
    whole = sum(amounts)
    if whole == 0:
        return [0] * len(amounts)
    floors = [discount * amount // whole for amount in amounts]
    left = discount - sum(floors)
    by_fraction = sorted(range(len(amounts)), key=lambda i: (-(discount * amounts[i] % whole), i))
    for i in by_fraction[:left]:
        floors[i] += 1
    return floors
