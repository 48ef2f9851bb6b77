"""Orders as a table for the accountant and the carrier."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.rules.money import plain
from orders.models import Order

AT_ONCE = 500


def order_table(orders: QuerySet[Order]) -> Iterator[list[str]]:
    """A heading, then a row for each order. Read in pieces: memory does not grow with them."""
    yield [
        _("Order number"),
        _("Placed"),
        _("Paid"),
        _("State"),
        _("Recipient"),
        _("Mobile number"),
        _("Address"),
        _("Goods"),
        _("Goods worth"),
        _("Discount"),
        _("Coupons used"),
        _("Shipping"),
        _("Total"),
        _("Currency"),
        _("Note to the shop"),
        _("Tags"),
        _("Brought by"),
    ]
    rows = orders.select_related("store", "voucher__coupon", "extra__coupon", "shared_by")
    rows = rows.prefetch_related(None)
    for order in rows.prefetch_related("lines", "tags").iterator(chunk_size=AT_ONCE):
        yield _row(order)


def _row(order: Order) -> list[str]:
    def money(amount: int) -> str:
        return plain(amount, order.currency)

    goods = "; ".join(f"{line.words} ×{line.to_send}" for line in order.lines.all())
    where = f"{_('Collect at')} {order.store}" if order.store else order.whole_address
    return [
        order.number,
        _time(order.placed_at),
        _time(order.paid_at),
        order.state_word,
        order.name,
        order.phone,
        where,
        goods,
        money(order.goods),
        money(order.discount),
        " + ".join(one.coupon.name for one in order.vouchers),
        money(order.shipping),
        money(order.total),
        order.currency,
        order.note,
        ", ".join(tag.name for tag in order.tags.all()),
        str(order.shared_by or ""),
    ]


def _time(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""  # type: ignore[arg-type]
