"""Some lines of an order go a step on, and the order becomes what its lines are.

Both within the caller's transaction, which has locked the order.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import User
from orders.errors import WrongState
from orders.models import Order
from orders.rules.line import LineState, may_move, order_state
from orders.signals import order_moved


def move_lines(*, order: Order, lines: Collection[int], to: LineState, by: User | None) -> None:
    """Take these lines to `to`. Raises WrongState if one of them cannot go there (any more)."""
    old = [state.value for state in LineState if may_move(state, to)]
    # The guard is in the write: of two who move the same line, one finds it already moved.
    moved = order.lines.filter(pk__in=lines, state__in=old).update(state=to.value)
    if moved != len(lines):
        raise WrongState(_("Part of it has gone on already. Look at the order again."))
    follow_lines(order=order, by=by)


def follow_lines(*, order: Order, by: User | None) -> None:
    """The order shows what its lines say; a step is written if that is something new."""
    old = order.state
    now = order_state(LineState(state) for state in order.lines.values_list("state", flat=True))
    if now != old:
        if not Order.objects.filter(pk=order.pk, state=old).update(state=str(now)):
            raise WrongState
        order.state = str(now)
        order.steps.create(state=order.state, by=by, at=timezone.now())
    order_moved.state(order=order, old=old)
