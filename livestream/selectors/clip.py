"""The newest clip of a product, for its page in the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from livestream.models import Room, Sale, Spotlight
from livestream.rules.clip import AFTER, BEFORE, SHORTEST, clip_of
from livestream.rules.room import RoomState
from livestream.selectors.replay import place_of
from merchants.models import Product
from orders.models import Order

MILLISECOND = timedelta(milliseconds=1)
LOOKED_AT = 10  # spotlights: the newest that make a clip is among them


@dataclass(frozen=True)
class Clip:
    """`playlist` for a player of ours, or a `film` with the seconds that are meant."""

    room: Room
    seconds: int
    second: int  # of the recording at which it begins
    playlist: str = ""
    film: str = ""


def newest_clip(product: Product) -> Clip | None:
    """Of a show that anybody may find, and that has a replay: never of one that is listed nowhere,
    banned, or has not ended; nor of what was said while there was no picture."""
    rooms = Room.objects.listed().filter(state=RoomState.ENDED, replay__state="ready")
    shown = Spotlight.objects.filter(
        item__product=product, closed_at__isnull=False, room__in=rooms
    ).select_related("room__replay", "room__merchant")
    for spotlight in shown.order_by("-opened_at")[:LOOKED_AT]:
        span = clip_of(spotlight.opened_at, spotlight.closed_at)
        if span and (clip := _clip(spotlight.room, *span)):
            return clip
    return None


@dataclass(frozen=True)
class Promise:
    """What was said when something was ordered: its minute of the show, or that it is to come, and
    the line that stood above the chat.
    """

    sale: Sale
    clip: Clip | None
    comes: bool


def promise_of(order: Order) -> Promise | None:
    """None of an order that came from no show, or of which nothing was kept."""
    sales = Sale.objects.select_related("room__merchant", "room__replay")
    sale = sales.filter(order=order).exclude(room__state=RoomState.BANNED).first()
    if sale is None:
        return None
    room, replay = sale.room, getattr(sale.room, "replay", None)
    comes = room.is_on_air or (replay is not None and replay.state == "processing")
    ready = replay is not None and replay.state == "ready"
    clip = _clip(room, sale.at - BEFORE, sale.at + AFTER) if ready else None
    return Promise(sale, clip, comes) if clip or comes or sale.pinned else None


def _clip(room: Room, start: datetime, end: datetime) -> Clip | None:
    first, last = (place_of(room, room.replay, moment) for moment in (start, end))
    if last - first < SHORTEST // MILLISECOND:
        return None
    second, seconds = first // 1000, round((last - first) / 1000)
    if room.replay.is_film:
        film = f"/hls/{room.replay.path}#t={second},{second + seconds}"
        return Clip(room, seconds, second, film=film)
    name = f"clip{round(start.timestamp() * 1000)}-{round(end.timestamp() * 1000)}.m3u8"
    return Clip(room, seconds, second, playlist=f"/hls/{room.public_id}/{name}")
