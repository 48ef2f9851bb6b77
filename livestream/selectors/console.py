"""The numbers of a show while it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from livestream.models import Attendance, Room, Sale
from merchants.models import Product, Staff
from orders.models import Line, Order
from orders.rules.line import GIVES_STOCK_BACK, LineState
from orders.selectors.order import seen_by, sold


def figures(room: Room, staff: Staff) -> dict[str, Any]:
    """Turnover, orders, the last five minutes, and the latest sales that she may see.

    Amounts in minor units.
    """
    since = timezone.now() - timedelta(minutes=5)
    paid = sold("order__")
    sums = Sale.objects.filter(room=room).aggregate(
        turnover=Sum("order__total", filter=paid, default=0),
        recent=Sum("order__total", filter=paid & Q(at__gte=since), default=0),
        paid=Count("pk", filter=paid),
        unpaid=Count("pk", filter=Q(order__state=LineState.PENDING)),
        buyers=Count("order__customer", filter=paid, distinct=True),
    )
    alive = seen_by(staff).filter(sale__room=room).exclude(state__in=GIVES_STOCK_BACK)
    latest = alive.prefetch_related("lines").order_by("-pk")[:6]
    return {"figures": sums | _audience(room, sums["buyers"]), "latest": latest}


def _audience(room: Room, buyers: int) -> dict[str, Any]:
    """Who watched and for how long, how many of them bought, and how many buyers are new here.

    What nobody has counted is None, and is not shown.
    """
    watched = Attendance.objects.filter(room=room).aggregate(Count("pk"), average=Avg("seconds"))
    count = watched["pk__count"]
    before = Order.objects.filter(
        sold(),
        customer=OuterRef("order__customer"),
        placed_at__lt=room.started_at or timezone.now(),
    )
    new = Sale.objects.filter(~Exists(before), sold("order__"), room=room)
    return {
        "attended": count or None,
        "watched": round(watched["average"]) if count else None,
        "rate": round(100 * min(buyers, count) / count, 1) if count else None,
        "fresh": new.aggregate(found=Count("order__customer", distinct=True))["found"],
    }


def pieces(room: Room, product: Product) -> dict[str, int]:
    """How many pieces of a product this room has sold, and how many wait for their payment."""
    lines = Line.objects.filter(order__sale__room=room, variant__product=product)
    return lines.aggregate(
        sold=Sum(F("quantity") - F("called_off"), filter=sold("order__"), default=0),
        unpaid=Sum("quantity", filter=Q(state=LineState.PENDING), default=0),
    )
