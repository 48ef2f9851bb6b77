"""Goods for goods: what a buyer wants instead is put aside, and goes out when hers are back.

Each within the transaction of a refund's verb, which has locked its payment and its order.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.errors import OutOfStock
from merchants.models import Variant
from merchants.services.stock import pass_on, release, reserve
from orders.errors import DearerInstead, NotExchanged, WrongState
from orders.models import Line, Order, Refund
from orders.rules.price import PriceRule
from orders.rules.refund import RefundKind, carried
from orders.services.order import shortage
from orders.services.payment import settle_nothing
from orders.services.refund_row import write
from orders.signals import orders_placed

WHERE_TO = ("name", "phone", "email", "region", "city", "district", "address", "postcode")


def shelf_mark(refund: Refund) -> str:
    """Under which reference of the stock it is put aside."""
    return f"exchange:{refund.public_id}"


def choose(lines: list[Line], wanted: Mapping[int, int]) -> dict[int, Variant]:
    """{line id: what is wanted instead}, each of its line's own product, and none dearer than it.

    The same thing again is always one of them. Raises NotExchanged, DearerInstead or WrongState.
    """
    found = Variant.objects.select_related("product").in_bulk(set(wanted.values()))
    chosen = {}
    for line in lines:
        other = found.get(wanted.get(line.pk, 0))
        if other is None or other.product_id != line.variant.product_id:
            raise NotExchanged
        if other.price > line.variant.price:
            raise DearerInstead
        chosen[line.pk] = other
    return chosen


def credit_of(line: Line, worth: int, wanted: Variant | None) -> int:
    """What of the worth of its pieces pays for those that are wanted instead."""
    return 0 if wanted is None else carried(worth, line.variant.price, wanted.price)


def put_aside(refund: Refund) -> None:
    """What she wants is hers from now on. Raises OutOfStock, saying of what.

    The guard is in the write that holds it (merchants.services.stock): of two who want the last
    piece one has it.
    """
    merchant, basket, store = refund.merchant, _basket(refund), refund.order.store
    try:
        with transaction.atomic():
            reserve(merchant=merchant, basket=basket, reference=shelf_mark(refund), store=store)
    except OutOfStock as trouble:
        raise shortage(merchant=merchant, basket=basket, store=store) from trouble


def let_aside(refund: Refund) -> None:
    """It is for everybody again."""
    release(merchant=refund.merchant, reference=shelf_mark(refund))


def want_money(refund: Refund, version: int) -> None:
    """It becomes a return: money instead of other goods. Raises RefundMoved, WrongState."""
    if not refund.is_exchange:
        raise WrongState(_("This is no exchange: there is nothing to give money instead of."))
    if refund.is_for_nothing:
        raise WrongState(_("It cost nothing: there is no money to give instead of it."))
    whole = refund.amount + refund.credit
    write(refund, version, kind=RefundKind.RETURN.value, amount=whole, credit=0)
    refund.pieces.update(wanted=None, credit=0)


def send_replacement(refund: Refund) -> None:
    """Her goods are back: what was put aside is an order that is paid, and waits to be packed."""
    order = _order(refund)
    order.save(force_insert=True)
    Line.objects.bulk_create(_lines(refund, order))
    pass_on(merchant=refund.merchant, reference=shelf_mark(refund), to=order.number)
    write(refund, refund.version, replacement=order)
    orders_placed.state(orders=[order])
    settle_nothing(order=order)


def _order(refund: Refund) -> Order:
    """To where the first one went; nothing is charged, for it is paid with goods."""
    first, now = refund.order, timezone.now()
    return Order(
        merchant=refund.merchant,
        customer=first.customer,
        device=first.device,
        **{part: getattr(first, part) for part in WHERE_TO},
        store=first.store,
        remembered=False,  # where the first one went is in her book, or was taken out of it
        pickup_code=f"{secrets.randbelow(10**6):06}" if first.store else "",
        language=first.language,
        currency=first.currency,
        goods=0,
        total=0,
        placed_at=now,
        pay_by=now + timedelta(minutes=settings.HOLD_MINUTES),
    )


def _lines(refund: Refund, order: Order) -> list[Line]:
    pieces = refund.pieces.select_related("wanted__product")
    return [
        Line(
            order=order,
            variant=piece.wanted,
            title=str(piece.wanted),
            quantity=piece.quantity,
            list_price=piece.wanted.price,
            unit_price=0,
            price_rule=PriceRule.SWAP.value,
            credit=piece.credit,
        )
        for piece in pieces
        if piece.wanted is not None
    ]


def _basket(refund: Refund) -> dict[int, int]:
    basket: Counter[int] = Counter()
    for piece in refund.pieces.all():
        if piece.wanted_id is not None:
            basket[piece.wanted_id] += piece.quantity
    return dict(basket)
