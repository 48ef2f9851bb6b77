"""Goods that ordering does not hold: whoever pays first has them.

Such an order names its `pool`, "kind:id", and holds nothing. Its pieces are taken in the
transaction of the payment that settles it, by whoever keeps pools of that kind: an app above this
one, which says here how. Where nobody does, or nothing is left, the money goes back by itself (P5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from merchants.errors import OutOfStock, RuleBroken
from orders.models import Order
from orders.rules.line import LineState


@dataclass(frozen=True)
class Keeper:
    """How pieces leave pools of one kind.

    `take` holds them for the order, guarded inside its write, within the caller's transaction, or
    raises RuleBroken; `has` only looks, so that nobody pays in vain.
    """

    take: Callable[[Order], None]
    has: Callable[[Order], bool]


_keepers: dict[str, Keeper] = {}


def keep_pools(kind: str, keeper: Keeper) -> None:
    """From now on `keeper` serves the pools of this kind. Said once, as an app starts."""
    _keepers[kind] = keeper


def take_from_pool(order: Order) -> None:
    """Its pieces are held for it from now on. Raises RuleBroken if others were first."""
    keeper = _keeper(order)
    if keeper is None:
        raise OutOfStock
    keeper.take(order)


def got_from_pool(order: Order) -> bool:
    """Whether its pieces could be had; if not, nothing was changed."""
    try:
        with transaction.atomic():
            take_from_pool(order)
    except RuleBroken:
        return False
    return True


def pool_has(order: Order) -> bool:
    """Whether paying it could still bring its goods; for an order that holds them, it does."""
    keeper = _keeper(order)
    return not order.pool or (keeper is not None and keeper.has(order))


def wait_no_more(*, order: Order, now: datetime) -> None:
    """Nothing is left for it: its time to pay is over, and the next sweep ends it unpaid."""
    waits = Order.objects.filter(pk=order.pk, state=LineState.PENDING, placed_at__lt=now)
    waits.exclude(pool="").filter(pay_by__gt=now).update(pay_by=now)


def _keeper(order: Order) -> Keeper | None:
    return _keepers.get(order.pool.partition(":")[0])
