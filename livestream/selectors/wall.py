"""The wall screen: what a show is doing, large enough for the whole back office.

Nobody on it has a full name, and every figure was counted: there is none for what no row tells of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncMinute
from django.utils.translation import gettext as _

from livestream.models import Attendance, Minute, Room, Sale
from livestream.rules.chat import masked
from livestream.rules.wall import Moment, by_minute, stages, trend
from livestream.selectors.console import figures
from merchants.models import Staff
from merchants.rules.chart import bars, ceiling, every, joined, line, scale
from orders.models import Line
from orders.selectors.order import sold

VIEWERS = {"left": 64.0, "right": 944.0, "base": 134.0, "head": 34.0}
ORDERS = {"left": 64.0, "right": 944.0, "base": 52.0, "head": 8.0}
LABELS = 9  # moments written below a chart, at most
MARKS = 6  # spotlights whose names fit on a chart
BEST = 5


def wall(room: Room, staff: Staff, now: datetime) -> dict[str, Any]:
    """Everything on the screen, as of `now`, or as it was when the show ended."""
    until = min(now, room.ended_at or now)
    moments = _moments(room, until)
    found = figures(room, staff)
    latest = found["latest"]
    return {
        "figures": found["figures"],
        "latest": [(order, masked(order.name), list(order.lines.all())) for order in latest[:BEST]],
        "moments": moments,
        "charts": _charts(room, moments) if moments else None,
        "trends": {name: trend(moments, name, until) for name in ("arrived", "orders", "turnover")},
        "stages": _stages(room, found["figures"]),
        "best": _best(room),
        "as_of": until,
    }


def _moments(room: Room, until: datetime) -> list[Moment]:
    if room.started_at is None:
        return []
    seen = {row.at: (row.viewers, row.arrived) for row in Minute.objects.filter(room=room)}
    sales = Sale.objects.filter(room=room).order_by()
    placed = sales.annotate(minute=TruncMinute("at")).values("minute").annotate(n=Count("pk"))
    paid = (
        sales.filter(sold("order__"))
        .annotate(minute=TruncMinute("order__paid_at"))
        .values("minute")
        .annotate(n=Sum("order__total"))
    )
    return by_minute(
        room.started_at,
        until,
        seen,
        {row["minute"]: row["n"] for row in placed},
        {row["minute"]: row["n"] for row in paid},
    )


def _charts(room: Room, moments: list[Moment]) -> dict[str, Any]:
    viewers = [one.viewers for one in moments]
    orders = [one.orders for one in moments]
    step, top = ceiling(max(viewers))
    points = line(viewers, top=top, **VIEWERS)
    base = VIEWERS["base"]
    order_step, order_top = ceiling(max(orders))
    apart = every(len(moments), LABELS)
    return {
        "line": joined(points),
        "area": joined([(points[0][0], base), *points, (points[-1][0], base)]),
        "end": points[-1],
        "lines": scale(top, step, base=base, head=VIEWERS["head"]),
        "bars": bars(orders, top=order_top, **ORDERS),
        "order_lines": scale(order_top, order_step, base=ORDERS["base"], head=ORDERS["head"]),
        "ticks": [
            (x, one.at)
            for place, ((x, _y), one) in enumerate(zip(points, moments, strict=True))
            if place % apart == 0
        ],
        "marks": _marks(room, moments),
        "most": max(moments, key=lambda one: one.viewers),
        "busiest": max(moments, key=lambda one: one.orders),
        **VIEWERS,
        "order_base": ORDERS["base"],
    }


def _marks(room: Room, moments: list[Moment]) -> list[dict[str, Any]]:
    """Where an item came under the light: the number that the list below the chart explains."""
    first, last = moments[0].at, moments[-1].at
    width = max((last - first).total_seconds(), 60.0)
    spots = room.spotlights.select_related("item__product").order_by("-pk")[:MARKS]
    found = []
    for spot in reversed(spots):
        share = min(max((spot.opened_at - first).total_seconds() / width, 0.0), 1.0)
        x = round(VIEWERS["left"] + share * (VIEWERS["right"] - VIEWERS["left"]), 1)
        found.append({"x": x, "at": spot.opened_at, "name": spot.item.product.name})
    return found


def _stages(room: Room, sums: dict[str, Any]) -> list[Any]:
    """From coming in to paying, in people. Who opened a card leaves no row, so it is not here."""
    seen = Attendance.objects.filter(room=room)
    minute = seen.filter(seconds__gte=60).count()
    placed = Sale.objects.filter(room=room).aggregate(n=Count("order__customer", distinct=True))
    return stages(
        [
            (_("Came in"), sums["attended"] or 0),
            (_("Watched a minute"), minute),
            (_("Ordered"), placed["n"]),
            (_("Paid"), sums["buyers"]),
        ]
    )


def _best(room: Room) -> list[dict[str, Any]]:
    """What brought in most, without what was called off; and the width of its bar in percent of the
    first."""
    paid = Q(order__sale__room=room) & sold("order__")
    kept = F("quantity") - F("called_off")
    rows = (
        Line.objects.filter(paid)
        .values("variant__product")
        .annotate(
            name=F("variant__product__name"),
            pieces=Sum(kept),
            brought=Sum(kept * F("unit_price") - F("discount") * kept / F("quantity")),
        )
        .filter(pieces__gt=0)
        .order_by("-brought", "variant__product")[:BEST]
    )
    found: list[dict[str, Any]] = [dict(row) for row in rows]
    most = found[0]["brought"] if found else 0
    for row in found:
        row["percent"] = round(100 * row["brought"] / most, 1) if most else 0.0
    return found
