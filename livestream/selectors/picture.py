"""Where a room's picture is to be had."""

from __future__ import annotations

from livestream.media.providers import provider_named
from livestream.models import Room
from livestream.models.publication import EMBEDDED


def picture_of(room: Room) -> dict[str, str]:
    """The addresses of the playlists, by protocol; one that there is not is empty."""
    name = room.public_id
    if room.provider != EMBEDDED:
        carried = room.publications.filter(provider=room.provider).order_by("-epoch").first()
        name = carried.session.partition("/")[0] if carried else name
    sources = provider_named(room.provider).playback(name)
    addresses = {source.protocol: source.url for source in sources}
    return {kind: addresses.get(kind, "") for kind in ("llhls", "hls", "sound", "rewind")}
