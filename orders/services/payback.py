"""The money of a refund: asked of the gateway until it has gone, and gone once.

A row is leased before the gateway is called, outside any transaction; the gateway knows the refund
by its `public_id`. Killed between its answer and our commit, the next try hears the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from orders.models import Refund
from orders.rules.ledger import money_back
from orders.rules.refund import Leg, RefundKind, RefundState, next_try
from orders.services import refund_news as news
from orders.services.ledger import post
from orders.services.refund_row import locked, move, write

LEASE = timedelta(minutes=2)


@dataclass(frozen=True)
class Outcome:
    """What a gateway says of a refund. `transaction` when done; `trouble` in its own words."""

    leg: Leg
    transaction: str = ""
    trouble: str = ""


def lease(*, refund: Refund, now: datetime) -> bool:
    """Whether this try is ours: of two workers one goes to the gateway."""
    return bool(
        Refund.objects.due(now)
        .filter(pk=refund.pk)
        .update(tries=F("tries") + 1, next_try_at=now + LEASE)
    )


@transaction.atomic
def finish_refund(*, refund: Refund, outcome: Outcome) -> Refund:
    """The gateway has answered. Done: the books say so, once, and the buyer is told."""
    refund = locked(refund)
    if refund.money not in {Leg.PROCESSING, Leg.FAILED}:
        return refund  # a second answer to the same question
    now = timezone.now()
    if outcome.leg != Leg.DONE:
        first = outcome.leg == Leg.FAILED and refund.money != Leg.FAILED
        again = now + next_try(refund.tries)
        trouble = outcome.trouble[:200]
        write(refund, refund.version, money=outcome.leg.value, trouble=trouble, next_try_at=again)
        if first:
            news.failed(refund)
        return refund
    move(
        refund,
        RefundState.REFUNDED,
        None,
        money=Leg.DONE.value,
        transaction=outcome.transaction,
        trouble="",
        done_at=now,
        next_try_at=None,
    )
    owed = refund.kind == RefundKind.SURPLUS
    post(
        order=refund.order,
        reference=f"refund:{refund.public_id}",
        posting=money_back(refund.amount, owed=owed),
        at=now,
    )
    news.refunded(refund)
    return refund
