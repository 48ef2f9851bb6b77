"""Rooms as shoppers find them: live, soon, to watch again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


from livestream.models import Replay, Room, Spotlight
from livestream.models.room import RoomQuerySet
from livestream.rules.room import RoomState
from merchants.models import Merchant


@dataclass(frozen=True)
class Chapter:
    """One spotlight in the replay: where it begins, in seconds from the start."""

    spotlight: Spotlight
    second: int


def _public() -> RoomQuerySet:
    return Room.objects.public().select_related("merchant", "host")


def rooms(now: datetime) -> dict[str, Any]:
    """The discovery page: three shelves in three queries."""
    return {
        "live": _public().on_air().order_by("-started_at")[:24],
        "soon": _public().filter(state=RoomState.SCHEDULED).order_by("starts_at")[:24],
        "again": _public()
        .filter(state=RoomState.ENDED, replay__state="ready")
        .select_related("merchant", "host", "replay")
        .order_by("-ended_at")[:24],
        "now": now,
    }


def strip(merchant: Merchant) -> Room | None:
    """What a shop shows now, else what it shows next."""
    mine = _public().filter(merchant=merchant)
    live = mine.on_air().first()
    return live or mine.filter(state=RoomState.SCHEDULED).order_by("starts_at").first()


def replay(room: Room) -> dict[str, Any]:
    """The recording and its chapters."""
    spotlights = room.spotlights.select_related("item__product").order_by("opened_at")
    start = room.started_at or room.starts_at
    chapters = [
        Chapter(one, max(0, int((one.opened_at - start).total_seconds()))) for one in spotlights
    ]
    return {"replay": Replay.objects.filter(room=room).first(), "chapters": chapters}
