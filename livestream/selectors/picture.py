"""Where a room's picture is to be had."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from livestream.media.providers import provider_named
from livestream.models import Room, StreamKey
from livestream.models.publication import EMBEDDED, TAKEOVER
from livestream.rules.room import RoomState
from livestream.rules.stream import health_of


def picture_of(room: Room) -> dict[str, str]:
    """The addresses of the playlists, by protocol; one that there is not is empty.

    `app` is not empty where an app sends it, which a pause does not stop.
    """
    name, provider = room.public_id, provider_named(room.provider)
    if not provider.caps.ours:
        carried = room.publications.filter(provider=room.provider).order_by("-epoch").first()
        name = carried.session.partition("/")[0] if carried else name
    sources = provider.playback(name)
    addresses = {source.protocol: source.url for source in sources}
    picture = {kind: addresses.get(kind, "") for kind in ("llhls", "hls", "sound", "rewind")}
    return picture | {"app": "" if room.provider == EMBEDDED else "yes"}


def may_be_seen(room: Room) -> bool:
    """Whether anybody may fetch what its apps sent: a banned show is out of reach."""
    return room.state != RoomState.BANNED


def is_by_app(room: Room) -> bool:
    """Whether somebody has a key: the console then leaves the picture to the app."""
    keys = StreamKey.objects.in_force(timezone.now()).filter(room=room)
    return not room.is_over and keys.exists()


def taken_over_at(room: Room) -> datetime | None:
    """When whoever sends now took the picture from another connection by the same key.

    Who took it and has begun again since, once or often, is still the one who took it.
    """
    sends = room.publications.order_by("-epoch").first()
    if sends is None:
        return None
    before = room.publications.exclude(session=sends.session).order_by("-epoch").first()
    began = f"{sends.session}@{before.epoch + 1 if before else 1}:{TAKEOVER}"
    change = room.stream_events.filter(kind=TAKEOVER, event_id=began[:160])
    return change.values_list("at", flat=True).first()


def app_health(room: Room) -> str:
    """The word for how the stream of the app does now."""
    sending = room.publications.filter(ended_at=None, epoch=room.epoch)
    return health_of(
        sends=sending.exclude(provider=EMBEDDED).exists(),
        media_at=room.media_at,
        on_air=room.is_on_air,
        paused=room.state == RoomState.PAUSED,
        now=timezone.now(),
    )
