"""One publisher of Janus, from her admission to her end: her packets become parts of the reel.

Janus ──rtp, to 127.0.0.1──▶ ffmpeg (ingest) ──▶ Reel        no part for GONE seconds: over
  └──── hangup, destroyed ──▶ Line.over          the key is asked about with each BEAT: no, over
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import socket
import time
from typing import Any
from uuid import uuid4

from channels.db import database_sync_to_async

from livestream.errors import StreamTaken
from livestream.media.disk import on_disk
from livestream.media.encoder import NoEncoder
from livestream.media.ingest import Ingest, Trouble
from livestream.media.janus import BadOffer, Line
from livestream.media.providers import provider_named
from livestream.media.providers.base import Happening, Kind, ProviderDown, Wish
from livestream.media.readiness import SMALLEST_DISK, has_room
from livestream.media.reel import Fenced
from livestream.rules.room import RoomState
from livestream.rules.sdp import Track, carries, listening
from livestream.services.publication import media_folder
from livestream.services.stream_event import hear
from livestream.services.stream_key import admit, publication_of

logger = logging.getLogger(__name__)

PROVIDER = "janus"
BEAT = 1.0  # seconds between two looks
KEEP = 20.0  # seconds between two words to Janus, which forgets a silent session after 60
FIRST = 15.0  # seconds that the first part may take
GONE = 7.0  # seconds without a part: her app had better come again
BARREN = 5  # encoders in a row without a single picture

_relays: dict[str, Relay] = {}  # by publisher: those of this process


class Relay:
    """Owns her line to Janus and the ingest of her picture."""

    def __init__(self, name: str, secret: str, line: Line) -> None:
        self.name, self.secret, self.line = name, secret, line
        self.publisher = uuid4().hex
        self.ingest: Ingest | None = None
        self.task: asyncio.Task[None] | None = None
        self.mime = self.sdp = ""
        self.parts_noted = 0
        self.heard_at = self.kept_at = time.monotonic()
        self.patience = FIRST
        self.done = asyncio.Event()
        self.shows = False  # and it is for us to say when that ends

    @classmethod
    async def begin(cls, name: str, secret: str, offer: str) -> tuple[Relay, str]:
        """Put her on the air: what looks after her from now on, and the answer to her offer.

        Raises BadOffer, StreamTaken, NoEncoder, ProviderDown; OSError when nothing can be written.
        """
        if not await on_disk(has_room):
            raise OSError("no room for a show")
        relay = cls(name, secret, await Line.open())
        try:
            answer = await relay._negotiate(offer)
            if not await relay._admitted(again=False):
                raise StreamTaken
            relay.shows = True
            await relay._start()
        except BaseException:
            await relay._end()
            raise
        _relays[relay.publisher] = relay
        relay.task = asyncio.create_task(relay._run())
        return relay, answer

    async def stop(self) -> None:
        """She has said good-bye."""
        self.done.set()
        if self.task is not None:
            await asyncio.wait([self.task])

    async def _negotiate(self, offer: str) -> str:
        answer, streams = await self.line.publish(self.publisher, offer)
        self.tracks = tracks_of(streams)
        codec = self.tracks[0].codec
        self.mime, self.sdp = f"application/sdp;codecs={codec}", listening(self.tracks)
        return answer

    async def _start(self) -> None:
        publication = await database_sync_to_async(publication_of)(
            PROVIDER, self.name, self.publisher
        )
        if publication is None:
            raise StreamTaken
        folder = media_folder(publication.room, RoomState.LIVE)
        try:
            self.ingest = await Ingest.open(folder, publication.epoch, self._on_trouble)
        except Fenced:
            raise StreamTaken from None
        await self.ingest.begin(self.mime, sdp=self.sdp)
        await self.line.forward(self.publisher, self.tracks)

    async def _run(self) -> None:
        over = asyncio.create_task(self.line.over())
        goodbye = asyncio.create_task(self.done.wait())
        try:
            while not (over.done() or goodbye.done()):
                await asyncio.wait([over, goodbye], timeout=BEAT, return_when="FIRST_COMPLETED")
                if not await self._beat():
                    break
        finally:
            over.cancel()
            goodbye.cancel()
            await asyncio.wait([over])  # two at once may not read of a line
            await self._end()

    async def _beat(self) -> bool:
        """Whether she goes on."""
        now, ingest = time.monotonic(), self.ingest
        if ingest is None or self.done.is_set():
            return False
        try:
            if now - self.kept_at > KEEP:
                self.kept_at = now
                await self.line.keep()
            if ingest.parts > self.parts_noted:
                self.parts_noted, self.heard_at, self.patience = ingest.parts, now, GONE
                self.shows = await self._admitted(again=True)
                free = await on_disk(shutil.disk_usage, ingest.reel.folder)
                return self.shows and free.free > SMALLEST_DISK
        except Exception:  # a database that is busy must not cost the shop its picture
            logger.exception("a beat of %s", self.name)
        return now - self.heard_at < self.patience

    @database_sync_to_async
    def _admitted(self, *, again: bool) -> bool:
        return admit(PROVIDER, Wish(self.name, self.secret, self.publisher, again))

    async def _on_trouble(self, trouble: Trouble) -> None:
        if self.done.is_set() or self.ingest is None:
            return
        if trouble is Trouble.LOST and self.ingest.barren < BARREN:
            await asyncio.sleep(0.2 * self.ingest.barren)
            with contextlib.suppress(NoEncoder, OSError):  # then no part comes, and that is seen
                await self.ingest.begin(self.mime, sdp=self.sdp)
            if self.done.is_set():  # meanwhile she has gone
                await self.ingest.close()
            return
        self.shows = self.shows and trouble is not Trouble.FENCED
        self.done.set()

    async def _end(self) -> None:
        """Take no more of her, send her away, and say so.

        Of one who shows no longer the sweep says it, and takes her key back as well.
        """
        self.done.set()
        with contextlib.suppress(ProviderDown):
            await self.line.destroy(self.publisher)
        await self.line.close()
        if self.ingest is not None:
            await self.ingest.close()
        if self.shows:
            with contextlib.suppress(Exception):  # the sweep finds what is not said
                await self._say_over()
        _relays.pop(self.publisher, None)

    @database_sync_to_async
    def _say_over(self) -> None:
        event_id = f"{self.name}/{self.publisher}:done"
        over = Happening(Kind.STOPPED, self.name, self.publisher, event_id)
        hear(provider_named(PROVIDER), over)


def relay_of(publisher: str) -> Relay | None:
    """If this process looks after her."""
    return _relays.get(publisher)


async def close_all() -> None:
    """The process ends: every app is told by its closed connection, and comes again."""
    await asyncio.gather(*(relay.stop() for relay in list(_relays.values())))


def tracks_of(streams: list[dict[str, Any]]) -> list[Track]:
    """The first picture and the first sound that can go further, each with a port of its own.

    Raises BadOffer if there is no picture.
    """
    tracks = []
    for kind in ("video", "audio"):
        for one in streams:
            codec, mid = str(one.get("codec")), str(one.get("mid"))
            if one.get("type") == kind and carries(codec) and not one.get("disabled"):
                tracks.append(Track(kind, mid, codec, _free_port()))
                break
    if not tracks or tracks[0].kind != "video":
        raise BadOffer
    return tracks


def _free_port() -> int:
    """An even port of this machine with the odd one beside it free as well, as RTP wants them."""
    for _ in range(50):
        with _bound(0) as first:
            port: int = first.getsockname()[1]
            if port % 2 == 0 and _is_free(port + 1):
                return port
    raise OSError("no free ports")


def _bound(port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        one.close()
        raise
    return one


def _is_free(port: int) -> bool:
    try:
        _bound(port).close()
    except (OSError, OverflowError):
        return False
    return True
