"""The first page of the dashboard."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.selectors.room import shelf
from merchants.models import Merchant
from merchants.selectors.product import with_numbers
from orders.models import Order
from orders.selectors.order import TABS, lines_with_pictures

DAYS = 14


def home_page(merchant: Merchant, now: datetime) -> dict[str, Any]:
    """Next show, waiting list, today against a week ago, fourteen days, latest orders."""
    room = next_room(merchant)
    days = daily(merchant, now)
    running_out = with_numbers(merchant.products.on_sale()).filter(left__lte=F("low_line"))
    return {
        "now": now,
        "room": room,
        "cards": shelf(room)[:6] if room else [],
        "shelf_size": room.items.count() if room else 0,
        "reminders": room.reminders.count() if room else 0,
        "to_ship": merchant.orders.filter(state__in=TABS["to_ship"]).count(),
        "unpaid": merchant.orders.filter(state__in=TABS["unpaid"]).count(),
        "running_out": running_out.order_by("left")[:5],
        "days": days,
        "today": days[-1],
        "week_ago": days[-8],
        "peak": max((day["turnover"] for day in days), default=0) or 1,
        "total": sum(day["turnover"] for day in days),
        "live_total": sum(day["turnover"] for day in days if day["live"]),
        "customers": merchant.customers.exclude(phone="").count(),
        "latest": merchant.orders.filter(paid_at__isnull=False)
        .prefetch_related(lines_with_pictures())
        .order_by("-paid_at")[:6],
    }


def next_room(merchant: Merchant) -> Room | None:
    """The room on air, else the next scheduled one."""
    rooms = merchant.rooms.select_related("host", "merchant")
    live = rooms.on_air().first()
    return live or rooms.filter(state=RoomState.SCHEDULED).order_by("starts_at").first()


def daily(merchant: Merchant, now: datetime) -> list[dict[str, Any]]:
    """Fourteen days up to today: turnover in minor units, orders, whether there was a show."""
    today = timezone.localdate(now)
    first = today - timedelta(days=DAYS - 1)
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    rows = {
        row["day"]: row
        for row in Order.objects.filter(merchant=merchant, paid_at__gte=start)
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
    empty = {"turnover": 0, "orders": 0, "buyers": 0}
    return {**empty, **rows.get(day, {}), "day": day, "live": day in shows}
