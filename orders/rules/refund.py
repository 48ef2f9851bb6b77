"""The life of a refund, what it may come to, and when its money is tried again. Pure.

requested ──approve──> approved ──────────────────────────────────────> refunded
    │  │                   └─(to be sent back)─> awaiting_return ─> returned ─┘
    │  └──refuse──> refused
    └──withdraw──> withdrawn

Its money has a life of its own: none ──> processing ──> done, and processing ⇄ failed until the
gateway has paid. Final: refunded, refused, withdrawn.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class RefundKind(StrEnum):
    MONEY = "money"  # the money alone: the goods have not left, or are not worth a parcel
    RETURN = "return"  # the goods come back first
    SURPLUS = "surplus"  # money that came twice, or too late: nobody has to ask for it


class RefundState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    AWAITING = "awaiting_return"
    RETURNED = "returned"
    REFUNDED = "refunded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Leg(StrEnum):
    """How far the money of a refund is."""

    NONE = "none"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


MOVES: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset(
        {RefundState.APPROVED, RefundState.REFUSED, RefundState.WITHDRAWN}
    ),
    RefundState.APPROVED: frozenset({RefundState.AWAITING, RefundState.REFUNDED}),
    RefundState.AWAITING: frozenset({RefundState.RETURNED}),
    RefundState.RETURNED: frozenset({RefundState.REFUNDED}),
    RefundState.REFUNDED: frozenset(),
    RefundState.REFUSED: frozenset(),
    RefundState.WITHDRAWN: frozenset(),
}
OPEN = frozenset(state for state, on in MOVES.items() if on)
ANSWER_WITHIN = timedelta(hours=48)  # then it is agreed by itself
LONGEST_WAIT = timedelta(hours=6)


def may_move(old: RefundState, new: RefundState) -> bool:
    """Whether a refund may go from `old` to `new` in one step."""
    return new in MOVES[old]


def worth(paid: int, quantity: int, before: int, pieces: int) -> int:
    """What `pieces` of a line cost that was paid with `paid` for `quantity` of them.

    `before` pieces have been asked back already. Minor units. Piece by piece it comes to exactly
    `paid`: a cent that does not divide is in one of them and in no other.
    """
    return paid * (before + pieces) // quantity - paid * before // quantity


def next_try(tries: int) -> timedelta:
    """How long to wait after so many vain tries at a gateway: a minute, then twice as long."""
    return min(timedelta(minutes=2 ** min(tries, 12)) / 2, LONGEST_WAIT)
