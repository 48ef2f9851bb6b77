"""The verbs of a fair drop: prove a playhead, claim, give the copies out.

Claims gather for as long as the slowest picture may need; then one transaction serves them in the
order that the rule makes of a seed whose hash was shown at the opening.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from livestream import broadcast
from livestream.errors import BadPlayhead, BadProof, DropOver, TooEarly
from livestream.models import Claim, Drop, Room
from livestream.rules.claim import Asked, Proof, Verdict, fits, in_turn, judged, latency_of
from livestream.selectors.claim import due, gathering
from livestream.selectors.room import drop_event
from livestream.services.drop import claim_drop
from livestream.services.moderation import refuse_banned
from merchants.models import Customer
from orders.models import Voucher
from orders.services.coupon import hand_out

logger = logging.getLogger(__name__)
SALT = "livestream.playhead"
AT_ONCE = 500  # claims in one statement
MOST_TOLD = 500  # marks in one event: every viewer hears all of them
MILLISECOND = timedelta(milliseconds=1)


def prove(*, room: Room, device: UUID, playhead_ms: int) -> str:
    """A signed word that this player shows the programme of `playhead_ms` (since 1970) now.

    Raises BadPlayhead for what it cannot show: the future, or what lies too far back.
    """
    now = timezone.now()
    try:
        playhead = datetime.fromtimestamp(playhead_ms / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError) as odd:
        raise BadPlayhead from odd
    latency = latency_of(playhead, now)
    if latency is None:
        raise BadPlayhead
    words = [room.public_id, device.hex, latency // MILLISECOND, int(now.timestamp() * 1000)]
    return signing.dumps(words, salt=SALT)


def read_proof(token: str) -> Proof:
    """What a token says. Raises BadProof if we did not say it."""
    try:
        words: Any = signing.loads(token, salt=SALT)
    except signing.BadSignature as forged:
        raise BadProof from forged
    room, device, latency, at = words
    moment = datetime.fromtimestamp(at / 1000, tz=UTC)
    return Proof(room, UUID(device), latency * MILLISECOND, moment)


@transaction.atomic
def claim_fairly(*, drop: Drop, customer: Customer, device: UUID, token: str = "") -> Claim:
    """She asks for a copy while the drop gathers; once, however often she presses.

    Without a token her picture counts as not behind at all. Raises BadProof for a forged, foreign
    or stale one, TooEarly if her picture has not reached the offer, DropOver when the copies are
    given out, Banned.
    """
    now = timezone.now()
    refuse_banned(room=drop.room, customer=customer, now=now)
    latency = _latency(drop, device, token)
    open_ = gathering(now).filter(pk=drop.pk)
    if not open_.update(claimed=F("claimed")):  # the row is ours: the copies are not given out yet
        raise DropOver
    verdict, late_ms = judged(drop.opened_at, latency, now)
    if verdict is Verdict.EARLY:
        raise TooEarly
    try:
        with transaction.atomic():
            return Claim.objects.create(
                drop=drop,
                customer=customer,
                handle=secrets.token_hex(8),
                at=now,
                latency_ms=latency // MILLISECOND,
                late_ms=late_ms,
                on_time=verdict is Verdict.ON_TIME,
            )
    except IntegrityError:  # pressed twice: the first press counts
        return Claim.objects.get(drop=drop, customer=customer)


def take(*, drop: Drop, customer: Customer, device: UUID, token: str = "") -> Claim | Voucher:
    """A copy; or, while a fair drop gathers, a claim of one. Raises what the two verbs raise."""
    if drop.gathers:
        try:
            return claim_fairly(drop=drop, customer=customer, device=device, token=token)
        except DropOver:
            drop.refresh_from_db()
            if drop.gathers:
                raise
    return claim_drop(drop=drop, customer=customer)


def _latency(drop: Drop, device: UUID, token: str) -> timedelta:
    if not token:
        return timedelta(0)
    proof = read_proof(token)
    if not fits(proof, room=drop.room.public_id, device=device, opened_at=drop.opened_at):
        raise BadProof
    return proof.latency


@transaction.atomic
def allot(*, drop: Drop) -> None:
    """Give the copies out, once. What is left over can be claimed as of any drop from here on."""
    now = timezone.now()
    waiting = Drop.objects.filter(pk=drop.pk, fair=True, allotted_at=None)
    if not waiting.update(allotted_at=now):
        return
    rows = drop.claims.order_by().values_list("handle", "on_time", "late_ms", "customer")
    asked = {handle: Asked(handle, on_time, late_ms) for handle, on_time, late_ms, _ in rows}
    customer_of = {handle: customer for handle, _, _, customer in rows}
    turn = in_turn(asked.values(), drop.seed)
    served = set(hand_out(coupon=drop.coupon, customers=[customer_of[handle] for handle in turn]))
    won = [handle for handle in turn if customer_of[handle] in served]
    for start in range(0, len(won), AT_ONCE):
        drop.claims.filter(handle__in=won[start : start + AT_ONCE]).update(won=True)
    drop.claims.filter(won=None).update(won=False)
    Drop.objects.filter(pk=drop.pk).update(claimed=F("claimed") + len(won))
    drop.refresh_from_db()
    told = won if len(won) <= MOST_TOLD else None
    broadcast.drop_allotted(drop.room, drop_event(drop), told)


def sweep_fair_drops(now: datetime) -> None:
    """Give out what has gathered for long enough. Safe to run twice at once."""
    for drop in due(now):
        try:
            allot(drop=drop)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("the copies of drop %s could not be given out", drop.public_id)
