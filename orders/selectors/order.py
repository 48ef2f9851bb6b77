"""The orders list and one order, shaped like their screens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from merchants.models import Photo, Staff
from merchants.rules.search import fold, phone_digits
from merchants.selectors.store import stores_ever
from orders.models import Line, Order, Refund
from orders.rules.line import GIVES_STOCK_BACK, PARTLY_SHIPPED, LineState

PARCEL = Q(store__isnull=True)
TABS: dict[str, Q] = {
    "to_ship": Q(state__in=[LineState.PAID, PARTLY_SHIPPED]) & PARCEL,
    "ready": Q(state=LineState.READY) | Q(state=LineState.PAID) & ~PARCEL,
    "unpaid": Q(state=LineState.PENDING),
    "shipped": Q(state=LineState.SHIPPED),
    "refunds": Q(pk__in=Refund.objects.asked().values("order")),
    "done": Q(state__in=[LineState.DELIVERED, LineState.COLLECTED, LineState.COMPLETED]),
    "ended": Q(state__in=GIVES_STOCK_BACK),
}
OLDEST_FIRST = {"to_ship", "unpaid", "ready"}  # somebody waits


def sold(order: str = "") -> Q:
    """Orders that brought money and were not called off whole; `order` is the way to them."""
    return Q(**{f"{order}paid_at__isnull": False}) & ~Q(**{f"{order}state": LineState.REFUNDED})


def seen_by(staff: Staff) -> QuerySet[Order]:
    """The orders of her shop that she may see: parcels, and what is collected at her stores."""
    orders = staff.merchant.orders.all()
    if staff.is_manager:
        return orders
    return orders.filter(PARCEL | Q(store__in=stores_ever(staff)))


def order_list(staff: Staff, query: Mapping[str, str]) -> QuerySet[Order]:
    """The orders of one tab (`all` for every one), searched by number, name, phone or goods.

    Where a customer waits, the longest waiting comes first.
    """
    orders = seen_by(staff).select_related("store")
    orders = orders.prefetch_related(lines_with_pictures(), "refunds", "tags")
    tab = query.get("tab", "to_ship")
    if tab in TABS:
        orders = orders.filter(TABS[tab])
    orders = _narrowed(orders, query)
    words = fold(query.get("q", "")[:60])
    if words:
        found = (
            Q(number__startswith=words)
            | Q(name__icontains=words)
            | Q(pk__in=Line.objects.filter(title__icontains=words).values("order"))
        )
        if digits := phone_digits(words):
            found |= Q(phone__contains=digits)
        orders = orders.filter(found)
    return orders.order_by("pk" if tab in OLDEST_FIRST else "-pk")


def _narrowed(orders: QuerySet[Order], query: Mapping[str, str]) -> QuerySet[Order]:
    """By `store` (a number, or `parcel`), `tag` (its name), and the days `since` and `until`."""
    store = query.get("store", "")
    if store == "parcel":
        orders = orders.filter(PARCEL)
    elif store.isdecimal():
        orders = orders.filter(store=int(store[:18]))
    if tag := query.get("tag", "")[:12].replace("\0", ""):
        orders = orders.filter(tags__name=tag)
    zone = timezone.get_current_timezone()
    if since := _day(query.get("since", "")):
        orders = orders.filter(placed_at__gte=datetime.combine(since, time.min, zone))
    if until := _day(query.get("until", "")):
        orders = orders.filter(
            placed_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone)
        )
    return orders


def _day(typed: str) -> date | None:
    """2026-11-29; anything else is no day."""
    try:
        day = parse_date(typed[:10])
    except ValueError:
        return None
    return day if day and date(2000, 1, 1) <= day < date(2100, 1, 1) else None


def tab_counts(staff: Staff) -> dict[str, int]:
    """How many orders wait in each tab: one query."""
    return seen_by(staff).aggregate(**{tab: Count("pk", filter=q) for tab, q in TABS.items()})


def waiting(staff: Staff) -> int:
    """Orders somebody has to pack, for a parcel or for the counter."""
    return seen_by(staff).filter(state__in=[LineState.PAID, PARTLY_SHIPPED]).count()


def lines_with_pictures() -> Prefetch:
    """Lines with their product's photos, in three queries for any number of orders."""
    lines = Line.objects.select_related("variant__product").prefetch_related(
        Prefetch("variant__product__photos", Photo.objects.order_by("position", "pk"))
    )
    return Prefetch("lines", lines)


def orders_of_device(device: UUID) -> QuerySet[Order]:
    """What was bought on this device, the newest first."""
    orders = Order.objects.filter(device=device).select_related("merchant")
    return orders.prefetch_related(lines_with_pictures())[:50]
