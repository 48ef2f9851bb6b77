"""The life of an order line, and what an order is when its lines are so. Pure.

pending_payment ──pay──> paid ──ship──> shipped ──deliver──> delivered ─┐
      │                   │                                             ├─> completed
      │                   ├──prepare──> ready_for_pickup ─> collected ──┘
      │                   └──call off─> refunded (from ready_for_pickup too)
      ├──cancel──> cancelled
      └──expire──> expired

Final: completed, cancelled, expired, refunded: paid for, never sent, and the money went back.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class LineState(StrEnum):
    PENDING = "pending_payment"
    PAID = "paid"
    SHIPPED = "shipped"
    READY = "ready_for_pickup"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


MOVES: dict[LineState, frozenset[LineState]] = {
    LineState.PENDING: frozenset({LineState.PAID, LineState.CANCELLED, LineState.EXPIRED}),
    LineState.PAID: frozenset({LineState.SHIPPED, LineState.READY, LineState.REFUNDED}),
    LineState.SHIPPED: frozenset({LineState.DELIVERED}),
    LineState.READY: frozenset({LineState.COLLECTED, LineState.REFUNDED}),
    LineState.DELIVERED: frozenset({LineState.COMPLETED}),
    LineState.COLLECTED: frozenset({LineState.COMPLETED}),
    LineState.COMPLETED: frozenset(),
    LineState.CANCELLED: frozenset(),
    LineState.EXPIRED: frozenset(),
    LineState.REFUNDED: frozenset(),
}
GIVES_STOCK_BACK = frozenset({LineState.CANCELLED, LineState.EXPIRED, LineState.REFUNDED})
UNSENT = frozenset({LineState.PAID, LineState.READY})  # paid, and still in the shop
AWAY = frozenset({LineState.SHIPPED, LineState.DELIVERED, LineState.COMPLETED})
PARTLY_SHIPPED = "partly_shipped"
BY_PARCEL = (LineState.PENDING, LineState.PAID, LineState.SHIPPED, LineState.DELIVERED)
BY_HAND = (LineState.PENDING, LineState.PAID, LineState.READY, LineState.COLLECTED)
# The order shows the state of the line that has got least far: that is what it still waits for.
PROGRESS = list(LineState)


def may_move(old: LineState, new: LineState) -> bool:
    """Whether a line may go from `old` to `new` in one step."""
    return new in MOVES[old]


def order_state(lines: Iterable[LineState]) -> str:
    """The state an order shows, derived from its lines.

    Ended lines (cancelled, expired, refunded) count only if there is nothing else.
    """
    states = set(lines)
    alive = states - GIVES_STOCK_BACK
    if not alive:
        if LineState.REFUNDED in states:
            return LineState.REFUNDED
        return LineState.EXPIRED if states == {LineState.EXPIRED} else LineState.CANCELLED
    if LineState.PAID in alive and alive & AWAY:
        return PARTLY_SHIPPED
    return min(alive, key=PROGRESS.index)


def stations(state: str, *, pickup: bool) -> list[tuple[LineState, str]]:
    """The stations of an order's way, each "done", "now" or "" (ahead); none once it has ended."""
    way = BY_HAND if pickup else BY_PARCEL
    if state == LineState.COMPLETED:
        return [(station, "done") for station in way]
    current = LineState.SHIPPED if state == PARTLY_SHIPPED else state
    if current not in way:
        return []
    here = way.index(LineState(current))
    return [(one, "done" if i < here else "now" if i == here else "") for i, one in enumerate(way)]
