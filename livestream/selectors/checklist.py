"""What is left to do before the first show. Everything is read off the facts; nobody ticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from livestream.models import Rehearsal, Room
from merchants.models import Merchant
from merchants.selectors.product import shop_shelf
from orders.models import Payment
from orders.rules.payment import PaymentState

GOODS = 10  # make a first show; it is advice, and stops nobody
PREVIEW = 2


@dataclass(frozen=True)
class Step:
    """One thing to do, and about how many minutes it takes."""

    name: str
    done: bool
    minutes: int = 0


@dataclass(frozen=True)
class Checklist:
    """The five steps in the order in which they help most."""

    steps: list[Step]
    goods: int

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def minutes(self) -> int:
        """What the rest takes, the first show itself not counted."""
        return sum(step.minutes for step in self.steps if not step.done)

    @property
    def next(self) -> str:
        """The name of the step to do now; empty when there is none."""
        return next((step.name for step in self.steps if not step.done), "")


def checklist(merchant: Merchant) -> Checklist | None:
    """The steps of a shop that is moving in; None when all of them are done. Four queries.

    Who has been live has seen more than a rehearsal shows, so the one counts as the other.
    """
    goods = merchant.products.on_sale()[:GOODS].count()
    settled = Payment.objects.filter(order__merchant=merchant, state=PaymentState.SETTLED)
    live = merchant.rooms.filter(started_at__isnull=False).exists()
    rehearsed = live or merchant.rooms.filter(rehearsed_at__isnull=False).exists()
    steps = [
        Step("picture", bool(merchant.logo), 1),
        Step("goods", goods >= GOODS, 5),
        Step("payment", settled.exists(), 2),
        Step("rehearsal", rehearsed, 3),
        Step("live", live),
    ]
    found = Checklist(steps, goods)
    return found if found.next else None


def moving_in(merchant: Merchant, room: Room | None) -> dict[str, Any]:
    """What the first page shows besides the steps: the shop as customers see it, what runs."""
    rehearsals = Rehearsal.objects.filter(room__merchant=merchant)
    shelf = list(shop_shelf(merchant)[:PREVIEW])
    return {
        "shown": shelf,
        "empty_places": range(len(shelf) + 1, PREVIEW + 1),
        "rehearsal": rehearsals.filter(score__isnull=False).select_related("room").first(),
        "running": room is not None or merchant.orders.filter(~Q(paid_at=None)).exists(),
    }
