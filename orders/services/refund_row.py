"""One refund's row, and what is locked while somebody decides about it: payment, then order."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import User
from orders.errors import RefundMoved, WrongState
from orders.models import Order, Payment, Refund
from orders.rules.refund import RefundState, may_move
from orders.signals import refund_moved


def locked(refund: Refund) -> Refund:
    """The refund as it is now, its payment and its order locked for this transaction."""
    Payment.objects.select_for_update(no_key=True).get(pk=refund.payment_id)
    order = lock_order(refund.order)
    fresh = Refund.objects.select_related("payment").get(pk=refund.pk)
    fresh.order = order
    return fresh


def lock_order(order: Order) -> Order:
    """The order as it is now. Its own row alone is locked, and not against who refers to it."""
    rows = Order.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("merchant", "voucher", "customer", "store").get(pk=order.pk)


def move(
    refund: Refund,
    to: RefundState,
    by: User | None,
    version: int | None = None,
    **more: object,
) -> None:
    if not may_move(RefundState(refund.state), to):
        raise wrong(refund, to)
    write(refund, refund.version if version is None else version, state=to.value, **more)
    refund.steps.create(state=to.value, by=by, at=timezone.now())


def write(refund: Refund, version: int, **fields: object) -> None:
    """Change a refund that is still as it was decided on. Raises RefundMoved."""
    seen = Refund.objects.filter(pk=refund.pk, version=version, state=refund.state)
    if not seen.update(version=F("version") + 1, **fields):
        raise RefundMoved
    for name, value in fields.items():
        setattr(refund, name, value)
    refund.version = version + 1
    refund_moved.state(order=refund.order)


def wrong(refund: Refund, to: RefundState) -> WrongState:
    return WrongState(
        _("This refund is “%(now)s” and cannot become “%(to)s”.")
        % {
            "now": refund.get_state_display(),
            "to": Refund(state=to.value).get_state_display(),
        }
    )
