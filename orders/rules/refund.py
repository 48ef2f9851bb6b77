"""The life of a refund, what it may come to, and when its money is tried again. Pure.

requested ──approve──> approved ──────────────────────────────────────> refunded
    │  │                   └─(to be sent back)─> awaiting_return ─> returned ─┘
    │  └──refuse──> refused                            │
    └──withdraw──> withdrawn <──(while nothing is sent)┘

Its money has a life of its own: none ──> processing ──> done, and processing ⇄ failed until the
gateway has paid. Final: refunded, refused, withdrawn.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class RefundKind(StrEnum):
    MONEY = "money"  # the money alone: the goods have not left, or are not worth a parcel
    RETURN = "return"  # the goods come back first
    EXCHANGE = "exchange"  # the goods come back first, then others go out for them
    GOODWILL = "goodwill"  # part of what sent goods cost; they stay, and can still come back
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
    RefundState.AWAITING: frozenset({RefundState.RETURNED, RefundState.WITHDRAWN}),
    RefundState.RETURNED: frozenset({RefundState.REFUNDED}),
    RefundState.REFUNDED: frozenset(),
    RefundState.REFUSED: frozenset(),
    RefundState.WITHDRAWN: frozenset(),
}
OPEN = frozenset(state for state, on in MOVES.items() if on)
COMES_BACK = frozenset({RefundKind.RETURN, RefundKind.EXCHANGE})  # nothing happens before it has
ANSWER_WITHIN = timedelta(hours=48)  # then it is agreed by itself
RETURN_WITHIN = timedelta(days=14)  # to send the goods back; then as long to take them back
MOST_PHOTOS = 6
ASKED_AT_MOST = 5  # requests for one order that came to nothing
LONGEST_WAIT = timedelta(hours=6)


def may_move(old: RefundState, new: RefundState) -> bool:
    """Whether a refund may go from `old` to `new` in one step."""
    return new in MOVES[old]


def worth(paid: int, quantity: int, asked: int, given: int) -> int:
    """What some pieces of a line cost that was paid with `paid` for `quantity` of them.

    `asked` pieces are asked back with these, and `given` is what the others of them come to. Minor
    units. In whatever order they are asked, withdrawn and asked again, all pieces come to exactly
    `paid`: a cent that does not divide is in one of them and in no other.
    """
    return max(paid * asked // quantity - given, 0)


def carried(worth: int, old: int, new: int) -> int:
    """What of the worth of pieces that come back pays for others of the same product.

    `old` and `new` are today's prices of the two, side by side: what she once paid keeps its part
    of them, whatever she saved then. What is left goes back as money. Minor units; never more than
    `worth`, for dearer ones are not exchanged.
    """
    return worth if new >= old else worth * new // old


def next_try(tries: int) -> timedelta:
    """How long to wait after so many vain tries at a gateway: a minute, then twice as long."""
    return min(timedelta(minutes=2 ** min(tries, 12)) / 2, LONGEST_WAIT)
