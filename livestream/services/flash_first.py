"""A flash sale for whoever pays first: ordering holds nothing, the payment takes the piece.

The quota is put aside as in any other sale. What differs is when a piece leaves it: in the
transaction of the payment (orders.services.pool), by the same guarded write.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db.models import F, Q, Sum
from django.utils import timezone

from livestream import broadcast
from livestream.errors import FlashAlone, FlashLimit, FlashOver
from livestream.models import FlashPurchase, FlashSale
from livestream.rules.flash import HEARD
from livestream.selectors.flash import flash_event
from merchants.models import Customer, Store
from merchants.services.stock import lock_stock, release_part, reserve
from orders.errors import NotAtStore
from orders.models import Order
from orders.rules.line import GIVES_STOCK_BACK, LineState
from orders.services.pool import Keeper, keep_pools, wait_no_more

logger = logging.getLogger(__name__)
KIND = "flash"  # how the reference of a sale begins


def alone(bought: Mapping[int, int], basket: Mapping[int, int]) -> None:
    """Raise FlashAlone if anything else is in it: that would be held, and this is not."""
    if len(bought) > 1 or dict(basket) != dict(bought):  # a gift may be of the same kind
        raise FlashAlone


def look(
    sale: FlashSale, quantity: int, customer: Customer, device: object, store: Store | None
) -> None:
    """Whether she may order so many now; nothing is taken. Her two tabs come one after the other.

    Raises FlashOver, FlashLimit or NotAtStore.
    """
    now = timezone.now()
    rows = FlashSale.objects.select_for_update(no_key=True)
    fresh = rows.filter(pk=sale.pk, closed_at=None, starts_at__lte=now, ends_at__gt=now).first()
    if fresh is None or fresh.left < quantity:
        raise FlashOver
    if store is not None and not _at(store, sale, quantity):
        raise NotAtStore
    mine = sale.purchases.filter(Q(customer=customer) | Q(device=device))
    if _pieces(mine) + quantity > sale.per_buyer:
        raise FlashLimit


def wait_for_payment(order: Order, sale: FlashSale) -> None:
    """The order is placed, and holds nothing: until it is paid, or the sale is over."""
    order.pool = sale.reference
    order.pay_by = min(order.pay_by, sale.ends_at)
    order.save(update_fields=["pool", "pay_by"])


def take(order: Order) -> None:
    """The payment is there: its pieces are taken from the quota, if any are left.

    Raises FlashOver, FlashLimit (she has as many by now) or OutOfStock.
    """
    purchase = _purchase(order)
    sale, quantity, now = purchase.sale, purchase.quantity, timezone.now()
    # The guard is in the write: of those who pay at once so many come through as there are pieces.
    open_ = FlashSale.objects.filter(
        pk=sale.pk,
        closed_at=None,
        ends_at__gt=now - HEARD,
        sold__lte=F("quota") - quantity,
    )
    if not open_.update(sold=F("sold") + quantity):
        raise FlashOver
    hers = Q(customer=purchase.customer_id)
    if purchase.device is not None:
        hers |= Q(device=purchase.device)
    had = sale.purchases.filter(hers, taken=True).exclude(pk=purchase.pk)
    if _pieces(had) + quantity > sale.per_buyer:
        raise FlashLimit
    FlashPurchase.objects.filter(pk=purchase.pk).update(taken=True)
    merchant, basket = order.merchant, {sale.variant_id: quantity}
    lock_stock(merchant=merchant, variants=basket)
    at = order.store
    release_part(merchant=merchant, reference=sale.reference, quantity=quantity, store=at)
    reserve(merchant=merchant, basket=basket, reference=order.number, store=at)
    sale.refresh_from_db(fields=["sold"])
    broadcast.flash_changed(sale.room, flash_event(sale))


def has(order: Order) -> bool:
    """Whether so many are left."""
    purchase = _purchase(order)
    sale = purchase.sale
    open_now = sale.closed_at is None and sale.ends_at > timezone.now()
    return open_now and sale.left >= purchase.quantity


def end_waits(now: datetime) -> None:
    """Nobody is to pay for what is gone: whoever still waits hears it at once."""
    waiting = FlashPurchase.objects.filter(taken=False, order__state=LineState.PENDING)
    gone = Q(sale__closed_at__isnull=False) | Q(quantity__gt=F("sale__quota") - F("sale__sold"))
    for one in waiting.filter(gone, order__pay_by__gt=now).select_related("order")[:500]:
        try:
            wait_no_more(order=one.order, now=now)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("order %s could not be told that nothing is left", one.order.number)


def _purchase(order: Order) -> FlashPurchase:
    rows = FlashPurchase.objects.select_related("sale__room__merchant", "sale__variant")
    found = rows.filter(order=order).first()
    if found is None:
        raise FlashOver
    return found


def _pieces(purchases: object) -> int:
    rows = purchases.exclude(order__state__in=GIVES_STOCK_BACK)  # type: ignore[attr-defined]
    return int(rows.aggregate(pieces=Sum("quantity", default=0))["pieces"])


def _at(store: Store, sale: FlashSale, quantity: int) -> bool:
    """Whether that store has so many of it: put aside for this sale, or free."""
    return any(
        row.available + (row.aside or 0) >= quantity
        for row in sale.variant.stock.filter(store=store).annotate(
            aside=Sum(
                "reservations__quantity",
                filter=Q(
                    reservations__reference=sale.reference, reservations__closed_at__isnull=True
                ),
            )
        )
    )


def keep() -> None:
    """Orders whose pool is a flash sale are served here."""
    keep_pools(KIND, Keeper(take=take, has=has))
