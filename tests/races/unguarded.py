"""The product with its guard of stock taken out, for the negative control alone.

Served by a throw-away process (`uvicorn tests.races.unguarded:application`); nothing in the
product knows of it. It buys as many shops do: look whether there is enough, then take it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.db.models import F

from config.asgi import application
from livestream.views import watch
from merchants.errors import OutOfStock
from merchants.models import Merchant, Stock
from merchants.services import stock
from orders.errors import NotTogether
from orders.services import order_once
from orders.views import checkout

__all__ = ["application"]
seen: ContextVar[dict[int, int]] = ContextVar("seen")  # stock id -> free pieces, as looked up
once = order_once.order_once


def look_then_buy(*, act: Callable[[], Any], **wanted: Any) -> Any:
    seen.set({row.pk: row.available for row in Stock.objects.all()})
    time.sleep(0.1)  # what a template or a slow line costs
    return once(act=act, **wanted)


def hold_what_was_seen(
    merchant: Merchant, variant_id: int, quantity: int, reference: str, store: Any, now: Any
) -> list[Any]:
    if connection.vendor == "sqlite":  # the second lock on the door is open as well
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
    place = Stock.objects.get(variant_id=variant_id)
    if seen.get()[place.pk] < quantity:
        raise OutOfStock
    Stock.objects.filter(pk=place.pk).update(reserved=F("reserved") + quantity)
    return [stock._reservation(merchant, place, quantity, reference, now)]


def nobody_gathers(*_wanted: Any) -> Any:
    raise NotTogether  # so that each goes the way of one, through `order_once`


watch.buy_together = checkout.order_together = nobody_gathers
checkout.order_once = look_then_buy
stock._hold = hold_what_was_seen
