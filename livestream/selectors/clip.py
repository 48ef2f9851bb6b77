"""The newest clip of a product, for its page in the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from livestream.models import Room, Spotlight
from livestream.rules.clip import SHORTEST, clip_of
from livestream.rules.room import RoomState
from livestream.selectors.replay import second_of
from merchants.models import Product

LOOKED_AT = 10  # spotlights: the newest that make a clip is among them


@dataclass(frozen=True)
class Clip:
    """`playlist` for a player of ours, or a `film` with the seconds that are meant."""

    room: Room
    seconds: int
    second: int  # of the show at which it begins
    playlist: str = ""
    film: str = ""


def newest_clip(product: Product) -> Clip | None:
    """Of a show that anybody may find, and that has a replay: never of one that is listed nowhere,
    banned, or has not ended."""
    rooms = Room.objects.listed().filter(state=RoomState.ENDED, replay__state="ready")
    shown = Spotlight.objects.filter(
        item__product=product, closed_at__isnull=False, room__in=rooms
    ).select_related("room__replay", "room__merchant")
    for spotlight in shown.order_by("-opened_at")[:LOOKED_AT]:
        span = clip_of(spotlight.opened_at, spotlight.closed_at)
        if span and span[1] - span[0] >= SHORTEST:
            return _clip(spotlight.room, *span)
    return None


def _clip(room: Room, start: datetime, end: datetime) -> Clip:
    second = second_of(room, room.replay, start)
    seconds = round((end - start).total_seconds())
    if room.replay.is_film:
        film = f"/hls/{room.replay.path}#t={second},{second_of(room, room.replay, end)}"
        return Clip(room, seconds, second, film=film)
    name = f"clip{round(start.timestamp() * 1000)}-{round(end.timestamp() * 1000)}.m3u8"
    return Clip(room, seconds, second, playlist=f"/hls/{room.public_id}/{name}")
