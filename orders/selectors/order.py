"""The orders list and one order, shaped like their screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import CharField, Count, F, Prefetch, Q, QuerySet, Value

from merchants.models import Photo, Staff
from merchants.selectors.store import stores_ever
from orders.models import Line, Order, Refund
from orders.models.order import PARCEL, STAGES
from orders.rules.line import PARTLY_SHIPPED, LineState
from orders.selectors.order_search import narrowed, searched

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
    tab = query.get("tab", "to_ship")
    orders = narrowed(_in_tab(staff, tab), staff.merchant, query)
    orders = searched(orders, staff.merchant, query).select_related("store")
    orders = orders.prefetch_related(lines_with_pictures(), "refunds", "tags")
    sign = "" if tab in OLDEST_FIRST else "-"
    return orders.order_by(f"{sign}placed_at", f"{sign}pk")


def _in_tab(staff: Staff, tab: str) -> QuerySet[Order]:
    orders = seen_by(staff)
    if tab == "refunds":
        asked = Refund.objects.asked().filter(merchant=staff.merchant)
        return orders.filter(pk__in=asked.values("order"))
    return orders.filter(stage=tab) if tab in STAGES else orders


def tab_counts(staff: Staff) -> dict[str, int]:
    """How many orders wait in each tab where somebody waits; the others only grow, and have none.

    One query, over what waits alone.
    """
    stages = seen_by(staff).filter(stage__in=OLDEST_FIRST).annotate(tab=F("stage"))
    asked = _in_tab(staff, "refunds").annotate(tab=Value("refunds", CharField()))
    counts = [
        some.order_by().values_list("tab").annotate(count=Count("pk")) for some in (stages, asked)
    ]
    return dict.fromkeys([*OLDEST_FIRST, "refunds"], 0) | dict(counts[0].union(counts[1], all=True))


def waiting(staff: Staff) -> int:
    """Orders somebody has to pack, for a parcel or for the counter."""
    return seen_by(staff).filter(state__in=[LineState.PAID, PARTLY_SHIPPED]).count()


def lines_with_pictures() -> Prefetch:
    """Lines with their product's photos, in three queries for any number of orders."""
    lines = Line.objects.select_related("variant__product").prefetch_related(
        Prefetch("variant__product__photos", Photo.objects.order_by("position", "pk"))
    )
    return Prefetch("lines", lines)


def orders_of(device: UUID, phones: Sequence[str] = ()) -> QuerySet[Order]:
    """What was bought on this device or with these numbers, the newest first."""
    hers = Q(device=device) | (Q(phone__in=phones) if phones else Q())
    orders = Order.objects.filter(hers).select_related("merchant").order_by("-pk")
    return orders.prefetch_related(lines_with_pictures())[:50]
