"""The product with what makes two presses one taken out, for the negative control alone.

Served by a throw-away process (`uvicorn tests.races.unguarded_press:application`); nothing in the
product knows of it. It does as many shops do: it looks what the page said, then it writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F

from config.asgi import application
from livestream.views import watch
from merchants import resent
from merchants.models import Customer
from orders.errors import CouponUnfit, NotTogether
from orders.models import Order, Refund, Voucher
from orders.rules.coupon import VoucherState
from orders.services import coupon_counter, refund, refund_row
from orders.views import checkout

__all__ = ["application"]
MOMENT = 0.1  # seconds: what a template or a slow line costs


def again(*, act: Callable[[], Any], **_key: Any) -> Any:
    with transaction.atomic():
        return act()


def order_again(*, act: Callable[..., Order], **_asked: Any) -> tuple[str, bool]:
    with transaction.atomic():
        return act().number, True


def as_it_was_seen(found: Refund) -> Refund:
    time.sleep(MOMENT)
    return found


def write_anyway(found: Refund, version: int, **fields: Any) -> None:
    Refund.objects.filter(pk=found.pk).update(version=F("version") + 1, **fields)
    for name, value in {**fields, "version": version + 1}.items():
        setattr(found, name, value)


def use_what_was_seen(*, voucher: Voucher, customer: Customer) -> None:
    if voucher.state != VoucherState.CLAIMED:
        raise CouponUnfit
    time.sleep(MOMENT)
    Voucher.objects.filter(pk=voucher.pk).update(state=VoucherState.REDEEMED)


def nobody_gathers(*_wanted: Any) -> Any:
    raise NotTogether  # so that each goes the way of one


resent.once = again
checkout.order_once = order_again
watch.buy_together = nobody_gathers
refund.locked = as_it_was_seen
refund.write = refund_row.write = write_anyway
coupon_counter.redeem_voucher = use_what_was_seen
