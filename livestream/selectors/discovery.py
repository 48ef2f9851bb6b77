"""Rooms as shoppers find them: live, soon, to watch again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livestream.models import Replay, Room, Spotlight
from livestream.models.room import RoomQuerySet
from livestream.rules.room import RoomState
from livestream.selectors.replay import second_of
from livestream.selectors.room import Card, shelf
from merchants.models import Merchant, Product
from merchants.rules.search import fold
from merchants.selectors.product import with_offer


@dataclass(frozen=True)
class Chapter:
    """One spotlight in the replay: where it begins, in seconds from the start, how long it was, and
    what is to be had of it today (None: it is not on sale any more).
    """

    spotlight: Spotlight
    second: int
    minutes: int
    card: Card | None


def _public() -> RoomQuerySet:
    return Room.objects.listed().select_related("merchant", "host")


def rooms(now: datetime) -> dict[str, Any]:
    """The discovery page: live (the first of them with its goods), soon, to watch again."""
    live = list(_public().on_air().order_by("-started_at")[:24])
    return {
        "hero": live[0] if live else None,
        "cards": shelf(live[0])[:7] if live else [],
        "live": live[1:],
        "soon": _public().waiting().order_by("starts_at")[:24],
        "again": _public()
        .filter(state=RoomState.ENDED, replay__state="ready")
        .select_related("merchant", "host", "replay")
        .order_by("-ended_at")[:24],
        "now": now,
    }


def found(words: str) -> dict[str, Any]:
    """Shops and goods that match what was typed."""
    folded = fold(words)
    return {
        "q": words,
        "shops": Merchant.objects.filter(name__icontains=words.strip())[:12],
        "goods": with_offer(Product.objects.on_sale().matching(folded)).select_related("merchant")[
            :48
        ],
    }


def strip(merchant: Merchant) -> Room | None:
    """What a shop shows now, else what it shows next."""
    mine = _public().filter(merchant=merchant)
    live = mine.on_air().first()
    return live or mine.waiting().order_by("starts_at").first()


def replay(room: Room, cards: Iterable[Card]) -> dict[str, Any]:
    """The recording and its chapters, with today's `cards` of the shelf."""
    today = {card.item.pk: card for card in cards}
    spotlights = (
        room.spotlights.select_related("item__product")
        .prefetch_related("item__product__photos")
        .order_by("opened_at")
    )
    recording = Replay.objects.filter(room=room).first()
    chapters = [
        Chapter(
            one,
            second_of(room, recording, one.opened_at),
            round(((one.closed_at or one.opened_at) - one.opened_at).total_seconds() / 60),
            today.get(one.item_id),
        )
        for one in spotlights
    ]
    return {"replay": recording, "chapters": chapters}
