"""Finding orders among a million: each way of looking is answered by an index, or bounded.

What few orders fit is looked up first, and the list takes those keys. What more than MANY fit is
asked of each order as the list walks down its index, which finds a page of them soon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from merchants.models import Merchant, Product, ProductWords
from merchants.rules.search import fold, phone_digits
from orders.models import Line, Order, OrderTag
from orders.models.order import PARCEL
from orders.rules.number import GROUP, as_kept
from orders.rules.period import EARLIEST, LATEST

MANY = 500  # keys that are handed over one by one
RECENT = 500  # of the newest orders of a list, a word is found in the middle of a name or title too
LAST = "\U0010ffff"


@dataclass(frozen=True)
class Way:
    """One way of looking: the keys of the orders that fit, and the same as asked of one order."""

    keys: QuerySet[Any, int]
    fits: Q


def found_in(orders: QuerySet[Order], merchant: Merchant, words: str) -> Q:
    """Which of a list's `orders`, newest first, the folded `words` mean: by the beginning of the
    number, of the name or of the phone, by its last four digits, by the goods; and of the newest
    RECENT by whatever stands in name or title.
    """
    keys: set[int] = set()
    asked = Q()
    for way in _ways(merchant, words):
        few, fits = _few(way)
        keys.update(few)
        asked |= fits
    newest = list(orders.order_by("-placed_at", "-pk").values_list("pk", flat=True)[:RECENT])
    middle = Order.objects.filter(merchant=merchant, pk__in=newest)
    keys.update(middle.filter(name__icontains=words).values_list("pk", flat=True))
    lines = Line.objects.filter(order__in=newest, title__icontains=words)
    keys.update(lines.values_list("order", flat=True))
    return Q(pk__in=sorted(keys)) | asked


def _few(way: Way) -> tuple[list[int], Q]:
    keys = list(way.keys[: MANY + 1])
    return (keys, Q()) if len(keys) <= MANY else ([], way.fits)


def _ways(merchant: Merchant, words: str) -> Iterator[Way]:
    orders = Order.objects.filter(merchant=merchant).order_by()
    looks = [begins("name_key", words)]
    number = as_kept(words)
    if words.isalnum() or len(number) >= GROUP:  # less than a group may be the half of a name
        looks.append(begins("number", number if len(number) >= GROUP else words))
    if digits := phone_digits(words):
        looks += [begins("phone", f"{sign}{digits}") for sign in ("", "+", "+86")]
        if len(digits) == 4:
            looks.append(Q(phone_end=digits))
    for look in looks:
        yield Way(orders.filter(look).values_list("pk", flat=True), look)
    goods = _goods(merchant, words)
    if goods:
        lines = Line.objects.filter(variant__in=goods).order_by()
        yield Way(
            lines.values_list("order", flat=True),
            Q(Exists(lines.filter(order=OuterRef("pk")))),
        )


def _goods(merchant: Merchant, words: str) -> list[int]:
    """The variants of the products that hold the words; of very many the newest."""
    named = ProductWords.objects.filter(merchant=merchant).matching(words).order_by("-pk")
    products = list(named.values_list("pk", flat=True)[:MANY])
    found = Product.objects.filter(merchant=merchant, pk__in=products)
    return list(found.order_by("-pk").values_list("variants", flat=True)[:MANY])


def begins(field: str, words: str) -> Q:
    """`field` begins with the words, said so that the database's index is taken."""
    if connection.vendor == "sqlite":  # its LIKE minds no case and passes the index over
        return Q(**{f"{field}__gte": words, f"{field}__lt": words + LAST})
    return Q(**{f"{field}__startswith": words})


def narrowed(
    orders: QuerySet[Order], merchant: Merchant, query: Mapping[str, str]
) -> QuerySet[Order]:
    """By `store` (a number, or `parcel`), `tag` (its name), and the days `since` and `until`."""
    store = query.get("store", "")
    if store == "parcel":
        orders = orders.filter(PARCEL)
    elif store.isdecimal():
        orders = orders.filter(store=int(store[:18]))
    if name := query.get("tag", "")[:12].replace("\0", ""):
        orders = orders.filter(_tagged(merchant, name))
    zone = timezone.get_current_timezone()
    if since := _day(query.get("since", "")):
        orders = orders.filter(placed_at__gte=datetime.combine(since, time.min, zone))
    if until := _day(query.get("until", "")):
        orders = orders.filter(
            placed_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone)
        )
    return orders


def _tagged(merchant: Merchant, name: str) -> Q:
    tag = OrderTag.objects.filter(merchant=merchant, name=name).first()
    if tag is None:
        return Q(pk__in=[])
    rows = Order.tags.through.objects.filter(ordertag=tag).order_by()
    keys, fits = _few(
        Way(
            rows.values_list("order", flat=True),
            Q(Exists(rows.filter(order=OuterRef("pk")))),
        )
    )
    return Q(pk__in=keys) | fits


def searched(
    orders: QuerySet[Order], merchant: Merchant, query: Mapping[str, str]
) -> QuerySet[Order]:
    """What of a list fits the words in `q`."""
    words = fold(query.get("q", "")[:60])
    return orders.filter(found_in(orders, merchant, words)) if words else orders


def _day(typed: str) -> date | None:
    """2026-11-29; anything else is no day."""
    try:
        day = parse_date(typed[:10])
    except ValueError:
        return None
    return day if day and EARLIEST <= day < LATEST else None
