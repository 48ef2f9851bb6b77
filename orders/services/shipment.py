"""The verbs of goods on their way: parcels and collection at the counter."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.models import User
from merchants.services.stock import take
from orders.errors import BadTracking, WrongState
from orders.models import Order, Shipment
from orders.rules.line import PARTLY_SHIPPED, LineState
from orders.rules.refund import RefundState
from orders.rules.shipment import CARRIERS, is_tracking_number
from orders.services.line import move_lines
from orders.services.order import move_order, tell_customer, wrong_state


@transaction.atomic
def ship_order(
    *,
    order: Order,
    carrier: str,
    tracking_number: str,
    by: User | None,
    lines: Collection[int] | None = None,
) -> Shipment:
    """These lines leave in one parcel (None: all that are still here), their pieces leave the
    stock, and the buyer is told. A gift of the same kind as something inside goes along.

    Raises BadTracking, or WrongState if there is nothing to ship or one of the lines has left.
    """
    tracking_number = tracking_number.strip()
    if carrier not in CARRIERS or not is_tracking_number(tracking_number):
        raise BadTracking
    if order.is_pickup:
        raise WrongState(_("This order is collected at the shop, not shipped."))
    keep_while_asked_back(order)
    waiting = order.lines.filter(state=LineState.PAID)
    inside = set(waiting.values_list("pk", flat=True) if lines is None else lines)
    if not inside or not waiting.exists():
        raise wrong_state(order, LineState.SHIPPED)
    if lines is not None:  # pieces of one kind are held, and leave, together
        kinds = order.lines.filter(pk__in=inside).values("variant")
        inside |= set(waiting.filter(variant__in=kinds).values_list("pk", flat=True))
    move_lines(order=order, lines=inside, to=LineState.SHIPPED, by=by)
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier,
        tracking_number=tracking_number,
        by=by,
        shipped_at=timezone.now(),
    )
    gone = order.lines.filter(pk__in=inside)
    gone.update(shipment=shipment)
    variants = set(gone.values_list("variant", flat=True))
    take(merchant=order.merchant, reference=order.number, by=by, variant_ids=variants)
    _tell_of_parcel(order, shipment)
    return shipment


def _tell_of_parcel(order: Order, shipment: Shipment) -> None:
    """Each parcel has its news; the first one's key is the order's own."""
    parcels = Shipment.objects.filter(order=order).count()  # not what a page has read before
    with override(order.language):
        facts = {
            "shop": order.merchant.name,
            "carrier": shipment.get_carrier_display(),
            "number": shipment.tracking_number,
        }
        subject = _("Your order from %(shop)s is on its way")
        body = _("%(shop)s has sent your order with %(carrier)s, number %(number)s.")
        if order.state == PARTLY_SHIPPED:
            subject = _("A part of your order from %(shop)s is on its way")
            body = _("%(shop)s has sent a part of your order with %(carrier)s, number %(number)s.")
        elif parcels > 1:
            subject = _("The rest of your order from %(shop)s is on its way")
            body = _("%(shop)s has sent the rest of it with %(carrier)s, number %(number)s.")
        tell_customer(
            order=order,
            kind="shipped",
            subject=subject % facts,
            body=body % facts,
            about=order.number if parcels == 1 else f"{order.number}:{parcels}",
        )


@transaction.atomic
def make_ready(*, order: Order, by: User) -> Order:
    """The goods wait at the counter; the buyer is told her code."""
    if not order.is_pickup:
        raise wrong_state(order, LineState.READY)
    keep_while_asked_back(order)
    move_order(order=order, to=LineState.READY, by=by)
    with override(order.language):
        tell_customer(
            order=order,
            kind="ready",
            subject=_("Your order is ready to collect"),
            body=_("Collect it at %(store)s. Show code %(code)s.")
            % {"store": order.store.name if order.store else "", "code": order.pickup_code},
        )
    return order


@transaction.atomic
def hand_over(*, order: Order, code: str, by: User) -> Order:
    """The customer stands at the counter with her code: the goods are hers."""
    typed = unicodedata.normalize("NFKC", code).strip().encode()
    if not order.pickup_code or not hmac.compare_digest(typed, order.pickup_code.encode()):
        raise WrongState(_("This is not the code of this order. Nothing was handed over."))
    keep_while_asked_back(order)
    move_order(order=order, to=LineState.COLLECTED, by=by)
    take(merchant=order.merchant, reference=order.number, by=by)
    return order


def keep_while_asked_back(order: Order) -> None:
    """Nothing leaves while its money is asked back. Locks the order, as the refund's verbs do, and
    takes its state from there.

    Raises WrongState.
    """
    _lock(order)
    if order.refunds.filter(state=RefundState.REQUESTED, unsent=True).exists():
        raise WrongState(_("The customer wants money back for it. Answer that first."))


def _lock(order: Order) -> None:
    order.state = Order.objects.select_for_update(no_key=True).get(pk=order.pk).state


@transaction.atomic
def confirm_delivery(*, order: Order, by: User | None, shipment: Shipment | None = None) -> Order:
    """The parcel has arrived; without one named, all that are on their way. Raises WrongState."""
    _lock(order)
    on_its_way = order.lines.filter(state=LineState.SHIPPED)
    if shipment is not None:
        on_its_way = on_its_way.filter(shipment=shipment)
    lines = set(on_its_way.values_list("pk", flat=True))
    if not lines:
        raise wrong_state(order, LineState.DELIVERED)
    move_lines(order=order, lines=lines, to=LineState.DELIVERED, by=by)
    return order
