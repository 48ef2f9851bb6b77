"""The verbs of goods on their way: parcels and collection at the counter."""

from __future__ import annotations

import hmac
import unicodedata

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.models import User
from merchants.services.stock import take
from orders.errors import BadTracking, WrongState
from orders.models import Order, Shipment
from orders.rules.line import LineState
from orders.rules.refund import RefundState
from orders.rules.shipment import CARRIERS, is_tracking_number
from orders.services.order import move_order, tell_customer, wrong_state


@transaction.atomic
def ship_order(*, order: Order, carrier: str, tracking_number: str, by: User | None) -> Shipment:
    """Every open line leaves in one parcel; the pieces leave the stock; the buyer is told.

    Raises BadTracking, or WrongState if the order is not waiting to be shipped.
    """
    tracking_number = tracking_number.strip()
    if carrier not in CARRIERS or not is_tracking_number(tracking_number):
        raise BadTracking
    if order.is_pickup:
        raise WrongState(_("This order is collected at the shop, not shipped."))
    keep_while_asked_back(order)
    move_order(order=order, to=LineState.SHIPPED, by=by)
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier,
        tracking_number=tracking_number,
        by=by,
        shipped_at=timezone.now(),
    )
    order.lines.filter(state=LineState.SHIPPED).update(shipment=shipment)
    take(merchant=order.merchant, reference=order.number, by=by)
    with override(order.language):
        tell_customer(
            order=order,
            kind="shipped",
            subject=_("Your order from %(shop)s is on its way") % {"shop": order.merchant.name},
            body=_("%(shop)s has sent your order with %(carrier)s, number %(number)s.")
            % {
                "shop": order.merchant.name,
                "carrier": shipment.get_carrier_display(),
                "number": tracking_number,
            },
        )
    return shipment


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
    """Nothing leaves while its money is asked back. Locks the order, as the refund's verbs do.

    Raises WrongState.
    """
    Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if order.refunds.filter(state=RefundState.REQUESTED, unsent=True).exists():
        raise WrongState(_("The customer wants money back for it. Answer that first."))


@transaction.atomic
def confirm_delivery(*, order: Order, by: User | None) -> Order:
    """The parcel has arrived."""
    return move_order(order=order, to=LineState.DELIVERED, by=by)
