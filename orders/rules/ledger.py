"""What a movement of money means in the books. Pure; amounts in minor units.

Money at the provider is what the shop has (positive); what it was paid for, and what it owes,
stands against it (negative). Each movement sums to zero, so all of them do.
"""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    GATEWAY = "gateway"
    GOODS = "goods"
    SHIPPING = "shipping"
    REFUNDS = "refunds"
    SURPLUS = "surplus"


Posting = dict[Account, int]


def sale(total: int, shipping: int) -> Posting:
    """An order has been paid: `total` of which `shipping`."""
    return _without_zeros(
        {
            Account.GATEWAY: total,
            Account.GOODS: shipping - total,
            Account.SHIPPING: -shipping,
        }
    )


def surplus(amount: int) -> Posting:
    """Money has come that no order can be filled for: it is owed from that moment."""
    return _without_zeros({Account.GATEWAY: amount, Account.SURPLUS: -amount})


def money_back(amount: int, *, owed: bool) -> Posting:
    """Money has gone back: what was `owed` as surplus, or for goods."""
    account = Account.SURPLUS if owed else Account.REFUNDS
    return {account: amount, Account.GATEWAY: -amount}


def _without_zeros(posting: Posting) -> Posting:
    return {account: amount for account, amount in posting.items() if amount}
