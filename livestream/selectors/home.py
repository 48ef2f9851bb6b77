"""The first page of the dashboard."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.selectors.room import shelf
from merchants.models import Merchant, Staff
from merchants.rules.chart import bars, ceiling, scale, spark
from merchants.selectors.product import low_goods
from orders.models import Order, Refund
from orders.rules.refund import RefundState
from orders.selectors.order import lines_with_pictures, seen_by, sold

DAYS = 14
WEEK = timedelta(days=7)
EMPTY = {"turnover": 0, "orders": 0, "buyers": 0}
CHART = {"left": 48.0, "right": 716.0, "base": 220.0, "head": 24.0}


def home_page(staff: Staff, now: datetime) -> dict[str, Any]:
    """Next show, waiting list, today against a week ago, fourteen days, latest orders.

    What is waiting and the latest are those that she may see; the sums are the shop's.
    """
    merchant = staff.merchant
    days = daily(merchant, now)
    total = sum(day["turnover"] for day in days)
    live_total = sum(day["turnover"] for day in days if day["live"])
    return {
        "now": now,
        "hour": timezone.localtime(now).hour,
        **_show(merchant),
        **_waiting(staff),
        "days": days,
        "kpis": kpis(merchant, days, now),
        "customers": merchant.customers.exclude(phone="").count(),
        "chart": chart(days),
        "total": total,
        "live_share": round(100 * live_total / total) if total else 0,
        "latest": seen_by(staff)
        .filter(paid_at__isnull=False, replaces=None)
        .prefetch_related(lines_with_pictures())
        .order_by("-paid_at")[:6],
    }


def _show(merchant: Merchant) -> dict[str, Any]:
    room = next_room(merchant)
    if room is None:
        return {"room": None, "has_goods": merchant.products.on_sale().exists()}
    cards = shelf(room)
    return {
        "room": room,
        "cards": cards[:6],
        "more": max(len(cards) - 6, 0),
        "shelf_size": len(cards),
        "coupons": merchant.coupons.running(timezone.now()).count(),
        "reminders": room.reminders.count(),
    }


def _waiting(staff: Staff) -> dict[str, Any]:
    """What somebody has to do, each with the moment that presses."""

    def of(tab: str, moment: str) -> dict[str, Any]:
        orders = seen_by(staff).filter(stage=tab)
        return orders.aggregate(count=Count("pk"), first=Min(moment))

    running_out = low_goods(staff)
    found: dict[str, Any] = {
        "to_pack": of("to_ship", "paid_at"),
        "to_collect": of("ready", "paid_at"),
        "unpaid": of("unpaid", "pay_by"),
        "asked_back": Refund.objects.asked()
        .filter(order__in=seen_by(staff), state=RefundState.REQUESTED)
        .aggregate(count=Count("pk"), first=Min("answer_by")),
        "running_out": running_out,
    }
    found["waiting"] = bool(running_out) + sum(
        found[name]["count"] > 0 for name in ("to_pack", "to_collect", "unpaid", "asked_back")
    )
    return found


def next_room(merchant: Merchant) -> Room | None:
    """On air, else being rehearsed, else the next scheduled one, else the draft last worked on."""
    rooms = merchant.rooms.select_related("host", "merchant")
    return (
        rooms.on_air().order_by("-pk").first()
        or rooms.filter(state=RoomState.REHEARSING).order_by("-pk").first()
        or rooms.filter(state=RoomState.SCHEDULED).order_by("starts_at").first()
        or rooms.filter(state=RoomState.DRAFT).order_by("-pk").first()
    )


def daily(merchant: Merchant, now: datetime) -> list[dict[str, Any]]:
    """Fourteen days up to today: turnover in minor units, orders, whether there was a show."""
    today = timezone.localdate(now)
    first = today - timedelta(days=DAYS - 1)
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    rows: dict[date, dict[str, Any]] = {
        row["day"]: dict(row)
        for row in Order.objects.filter(
            sold(), merchant=merchant, paid_at__gte=start, replaces=None
        )
        .order_by()
        .annotate(day=TruncDate("paid_at"))
        .values("day")
        .annotate(
            turnover=Sum("total"), orders=Count("pk"), buyers=Count("customer", distinct=True)
        )
    }
    shows = set(
        merchant.rooms.filter(started_at__gte=start)
        .annotate(day=TruncDate("started_at"))
        .values_list("day", flat=True)
    )
    return [_day(first + timedelta(days=offset), rows, shows) for offset in range(DAYS)]


def _day(day: date, rows: dict[date, dict[str, Any]], shows: set[date]) -> dict[str, Any]:
    return {**EMPTY, **rows.get(day, {}), "day": day, "live": day in shows}


def kpis(merchant: Merchant, days: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Today's figures beside those of the same weekday up to the same hour: a fair comparison."""
    then = now - WEEK
    start = timezone.localtime(then).replace(hour=0, minute=0, second=0, microsecond=0)
    bought = merchant.orders.filter(sold(), replaces=None)  # what is sent in exchange is no sale
    before = bought.filter(paid_at__gte=start, paid_at__lte=then).aggregate(
        turnover=Sum("total", default=0),
        orders=Count("pk"),
        buyers=Count("customer", distinct=True),
    )
    return {name: _kpi([day[name] for day in days], before[name]) for name in EMPTY}


def _kpi(values: list[int], before: int) -> dict[str, Any]:
    delta = values[-1] - before
    return {
        "now": values[-1],
        "delta": abs(delta),
        "percent": round(100 * abs(delta) / before) if before else None,
        "way": "up" if delta > 0 else "down" if delta < 0 else "",
        "spark": spark(values),
    }


def chart(days: list[dict[str, Any]]) -> dict[str, Any]:
    """The bars of fourteen days, in whole units of money so that the scale is round."""
    values = [day["turnover"] for day in days]
    step, top = ceiling(-(-max(values, default=0) // 100))
    peak = max(range(len(days)), key=lambda place: values[place])
    places = bars(values, top=top * 100, **CHART)
    rows = [
        {
            "day": day,
            "bar": bar,
            "label": day["turnover"] > 0 and (day["live"] or place == peak),
            "tick": (len(days) - 1 - place) % 2 == 0,
            "today": place == len(days) - 1,
        }
        for place, (day, bar) in enumerate(zip(days, places, strict=True))
    ]
    lines = scale(top, step, base=CHART["base"], head=CHART["head"])
    return {"rows": rows, "lines": lines, **CHART, "peak": days[peak]}
