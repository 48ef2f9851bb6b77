"""The verbs of drops: a coupon released in a room, claimed there, withdrawn."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from livestream import broadcast
from livestream.errors import BadDrop, DropOver, NotOnAir
from livestream.models import Drop, Room
from livestream.rules.room import ON_AIR
from livestream.selectors.room import drop_event
from livestream.services.moderation import refuse_banned
from merchants.models import Customer
from orders.models import Coupon, Voucher
from orders.services.coupon import claim_coupon

LONGEST = 300  # minutes


@transaction.atomic
def open_drop(*, room: Room, coupon: Coupon, minutes: int, fair: bool = False) -> Drop:
    """Offer a coupon to everybody watching; it takes the place of an offer that is still open.

    A `fair` one opens at this instant of the programme: who sees it later has as long to press.

    Raises NotOnAir, or BadDrop for a coupon that is not running or an odd number of minutes.
    """
    now = timezone.now()
    rooms = Room.objects.select_for_update(no_key=True)
    if not rooms.filter(pk=room.pk, state__in=ON_AIR).exists():
        raise NotOnAir
    ends_at = drop_end(room, coupon, minutes, now)
    room.drops.filter(withdrawn_at__isnull=True, ends_at__gt=now).update(withdrawn_at=now)
    drop = Drop.objects.create(
        room=room,
        coupon=coupon,
        opened_at=now,
        ends_at=ends_at,
        fair=fair,
        seed=secrets.token_hex(32) if fair else "",
    )
    broadcast.drop_opened(room, drop_event(drop))
    return drop


def drop_end(room: Room, coupon: Coupon, minutes: int, now: datetime) -> datetime:
    """Until when a coupon dropped now can be had. Raises BadDrop."""
    running = room.merchant.coupons.running(now).filter(pk=coupon.pk).exists()
    if not running or not 1 <= minutes <= LONGEST:
        raise BadDrop
    return min(now + timedelta(minutes=minutes), coupon.ends_at)


@transaction.atomic
def withdraw_drop(*, drop: Drop) -> None:
    """Offer it no longer. What was claimed stays good."""
    now = timezone.now()
    closed = Drop.objects.filter(pk=drop.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
    if closed:
        broadcast.drop_closed(drop.room, drop.public_id)


@transaction.atomic
def claim_drop(*, drop: Drop, customer: Customer) -> Voucher:
    """One copy for a viewer, while the drop is open; of a fair one, what the lots left over.

    Raises DropOver, Banned, or what a claim raises.
    """
    now = timezone.now()
    refuse_banned(room=drop.room, customer=customer, now=now)
    open_ = Drop.objects.filter(
        pk=drop.pk, withdrawn_at__isnull=True, opened_at__lte=now, ends_at__gt=now
    ).exclude(fair=True, allotted_at=None)
    counted = open_.update(claimed=F("claimed") + 1)
    if not counted:
        raise DropOver
    voucher = claim_coupon(coupon=drop.coupon, customer=customer)
    drop.refresh_from_db()
    broadcast.drop_claimed(drop.room, drop_event(drop))
    return voucher
