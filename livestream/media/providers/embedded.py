"""The picture of our own: browser → WebSocket → ffmpeg → packager → files. Always there.

Its publishing goes through `consumers/publish.py` and its fence, so nobody calls back and nobody
has to be sent away: an older epoch changes nothing by itself.
"""

from __future__ import annotations

from datetime import datetime

from livestream.media.providers.base import (
    Answer,
    Ask,
    Caps,
    Forged,
    Happening,
    Judge,
    PlaySource,
    PublishGrant,
    StreamStatus,
)


class Embedded:
    name = "embedded"
    caps = Caps(
        ingest=frozenset({"ws"}),
        play=frozenset({"llhls", "hls", "sound", "rewind"}),
        records=True,
        ours=True,
    )

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        """The console's own socket: it opens to whoever is signed in, so there is no key."""
        return PublishGrant("ws", f"/ws/publish/{name}/", "", expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        raise Forged("nobody calls back for the embedded picture")

    def events(self, ask: Ask) -> list[Happening]:
        raise Forged("nobody calls back for the embedded picture")

    def heard(self) -> Answer:
        return Answer()

    def playback(self, name: str) -> list[PlaySource]:
        return own_playlists(name)

    def end(self, name: str, publisher: str) -> None:
        return None

    def status(self, name: str, publisher: str) -> StreamStatus:
        return StreamStatus(live=True, publisher=publisher)  # silence is noticed by media_at


def own_playlists(room: str) -> list[PlaySource]:
    """What the edge serves of a room's directory."""
    return [
        PlaySource("llhls", f"/hls/{room}/ll.m3u8", 1.3),
        PlaySource("hls", f"/hls/{room}/live.m3u8", 3.0),
        PlaySource("sound", f"/hls/{room}/sound.m3u8", 3.0),
        PlaySource("rewind", f"/hls/{room}/rewind.m3u8", 15.0),
    ]
