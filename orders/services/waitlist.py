"""The verbs of the waiting line: stand in it, leave it, be offered what came free, buy that.

What is offered is held like an order's goods, so nobody else can buy it meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.errors import OutOfStock
from merchants.models import Merchant, Stock, Store, Variant
from merchants.rules.notification import Channel
from merchants.selectors.stock import free_pieces
from merchants.services.notification import notify
from merchants.services.stock import lock_stock, release, reserve
from orders.errors import NotSoldOut, OfferOver, TooManyWait
from orders.models import Order, Waiting
from orders.rules.waitlist import (
    LOOK_AT,
    MOST_LAPSED,
    MOST_LISTS,
    MOST_WAITING,
    OFFER,
    OPEN,
    PAUSE,
    REMEMBERED,
    WaitState,
)
from orders.services.order import place_order

STILL = [state.value for state in OPEN]


@transaction.atomic
def join_waitlist(
    *,
    merchant: Merchant,
    variant: Variant,
    device: uuid.UUID,
    phone: str,
    quantity: int,
    language: str,
) -> Waiting:
    """Stand in line for so many pieces; who stands there already keeps her place.

    Raises NotSoldOut if they are there to be bought, TooManyWait.
    """
    now = timezone.now()
    mine = {"merchant": merchant, "variant": variant, "device": device, "state__in": STILL}
    if known := Waiting.objects.filter(**mine).first():
        return known
    line = Waiting.objects.filter(variant=variant, state=WaitState.WAITING)
    waiting = line.count()
    if not waiting and free_pieces(merchant, [variant.pk]).get(variant.pk, 0) >= quantity:
        raise NotSoldOut
    hers = Waiting.objects.filter(Q(device=device) | Q(phone=phone))
    lists = hers.filter(state__in=STILL).count()
    vain = hers.filter(variant=variant, state=WaitState.LAPSED, ended_at__gt=now - PAUSE).count()
    if waiting >= MOST_WAITING or lists >= MOST_LISTS or vain >= MOST_LAPSED:
        raise TooManyWait
    return Waiting.objects.get_or_create(
        **mine,
        defaults={
            "state": WaitState.WAITING.value,
            "phone": phone,
            "quantity": quantity,
            "language": language,
            "joined_at": now,
        },
    )[0]


@transaction.atomic
def leave_waitlist(*, waiting: Waiting) -> Waiting:
    """She waits no more, or lets an offer go: what was held for her is for the next.

    Again: no effect.
    """
    now = timezone.now()
    if _move(waiting, WaitState.WAITING, WaitState.LEFT, ended_at=now):
        return waiting
    if _move(waiting, WaitState.OFFERED, WaitState.DECLINED, ended_at=now):
        release(merchant=waiting.merchant, reference=waiting.reference)
    return waiting


def offer_next(*, variant_id: int) -> int:
    """Hold free pieces for those in front of the line, one by one. Returns for how many.

    Who wants more than there is keeps her place, and stands in nobody's way.
    """
    stock = Stock.objects.filter(variant=variant_id)
    free = stock.aggregate(sum=Sum(F("on_hand") - F("reserved"), default=0))["sum"]
    line = Waiting.objects.filter(
        variant=variant_id, state=WaitState.WAITING, quantity__lte=max(free, 0)
    )
    front = line.select_related("merchant", "variant__product").order_by("pk")[:LOOK_AT]
    return sum(_offer(waiting) for waiting in front)


def _offer(waiting: Waiting) -> bool:
    until = timezone.now() + OFFER
    try:
        with transaction.atomic():
            if not _move(waiting, WaitState.WAITING, WaitState.OFFERED, offer_until=until):
                return False
            reserve(
                merchant=waiting.merchant,
                basket={waiting.variant_id: waiting.quantity},
                reference=waiting.reference,
            )
            _tell(waiting)
    except OutOfStock:
        return False
    return True


@transaction.atomic
def lapse(*, waiting: Waiting, now: datetime) -> bool:
    """An offer whose time is over: its pieces are for the next."""
    gone = _move(waiting, WaitState.OFFERED, WaitState.LAPSED, ended_at=now)
    if gone:
        release(merchant=waiting.merchant, reference=waiting.reference)
    return gone


@transaction.atomic
def buy_in_turn(*, waiting: Waiting, **wanted: Any) -> Order:
    """Order what is held for her, or fewer of it; `wanted` is as in `place_order`.

    Raises OfferOver if it is held no longer, and what `place_order` raises: then it stays held.
    """

    def take_over(
        *, merchant: Merchant, basket: Mapping[int, int], reference: str, store: Store | None
    ) -> None:
        now = timezone.now()
        fits = set(bought) == {waiting.variant_id} and bought[waiting.variant_id] <= most
        ours = Waiting.objects.filter(pk=waiting.pk, offer_until__gt=now, merchant=merchant)
        if not fits or not ours.filter(state=WaitState.OFFERED).update(
            state=WaitState.TAKEN.value, ended_at=now
        ):
            raise OfferOver
        # The rows are ours before anything is given back: nobody comes between.
        lock_stock(merchant=merchant, variants=basket)
        release(merchant=merchant, reference=waiting.reference)
        reserve(merchant=merchant, basket=basket, reference=reference, store=store)

    most, bought = waiting.quantity, wanted["basket"]  # what is held has a gift in it too
    order = place_order(**wanted, hold=take_over)
    Waiting.objects.filter(pk=waiting.pk).update(order=order)
    return order


def forget_waiting(now: datetime) -> None:
    """Numbers are kept for a season: after the wait was over, or in vain."""
    past = Waiting.objects.exclude(state__in=STILL).filter(ended_at__lt=now - REMEMBERED)
    past.filter(order=None).delete()
    past.update(phone="")  # an order keeps the place that it came from
    vain = Waiting.objects.filter(state=WaitState.WAITING, joined_at__lt=now - REMEMBERED)
    vain.delete()


def _move(waiting: Waiting, old: WaitState, new: WaitState, **fields: datetime) -> bool:
    """The guard is in the write: of two who move it, one does."""
    row = Waiting.objects.filter(pk=waiting.pk, state=old.value)
    if not row.update(state=new.value, **fields):
        return False
    waiting.state = new.value
    for name, value in fields.items():
        setattr(waiting, name, value)
    return True


def _tell(waiting: Waiting) -> None:
    with override(waiting.language):
        words = {"goods": str(waiting.variant), "shop": waiting.merchant.name}
        notify(
            merchant=waiting.merchant,
            channel=Channel.SMS,
            kind="waitlist",
            key=f"waitlist:{waiting.public_id}",
            to=waiting.phone,
            subject=_("%(goods)s is there again") % words,
            body=_("%(shop)s holds %(goods)s for you for half an hour.") % words,
            language=waiting.language,
            path=f"/orders/waiting/{waiting.public_id}/",
        )
