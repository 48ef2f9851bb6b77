"""Janus: WebRTC in by WHIP, and further as our own picture. docs/media.md has its configuration.

It asks nobody and tells nobody: `consumers/whip.py` stands between it and the publishers, knows who
may, and hears over the line that it holds for each (`media/janus.py`) when she goes. A publisher's
number is the name of her room there, so that whoever comes after her is never meant.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from django.conf import settings

from livestream.media.janus import NO_SUCH_ROOM, Line, Refused
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
from livestream.media.providers.embedded import own_playlists

PREFIX = "/whip/"


class Janus:
    name = "janus"
    # Its line tells more than a status: that she is in her room says nothing of her picture.
    caps = Caps(
        ingest=frozenset({"whip"}),
        play=frozenset({"llhls", "hls", "sound", "rewind"}),
        records=True,
        polled=False,
        ours=True,
    )

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        """The key is the bearer token, and the address one of ours."""
        return PublishGrant("whip", f"{settings.SITE_URL}{PREFIX}{name}/", secret, expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        raise Forged("Janus does not call back")

    def events(self, ask: Ask) -> list[Happening]:
        raise Forged("Janus does not call back")

    def heard(self) -> Answer:
        return Answer()

    def playback(self, name: str) -> list[PlaySource]:
        return own_playlists(name)

    def end(self, name: str, publisher: str) -> None:
        asyncio.run(_end(publisher))

    def status(self, name: str, publisher: str) -> StreamStatus:
        live = asyncio.run(_is_there(publisher))
        return StreamStatus(live=live, publisher=publisher if live else "")


async def _end(publisher: str) -> None:
    line = await Line.open()
    try:
        await line.destroy(publisher)
    finally:
        await line.close()


async def _is_there(publisher: str) -> bool:
    line = await Line.open()
    try:
        said = await line.room("listparticipants", publisher)
    except Refused as no:
        if no.code != NO_SUCH_ROOM:
            raise
        return False
    finally:
        await line.close()
    here = said["data"].get("participants")
    return isinstance(here, list) and any(
        isinstance(one, dict) and one.get("publisher") is True for one in here
    )
