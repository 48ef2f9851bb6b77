"""One publication at work: recorder sessions through encoders onto one reel.

browser ──chunks──▶ Ingest.write ──▶ Encoder (ffmpeg) ──▶ Packager ──▶ Reel (files)
                                        dies? on_trouble("lost"): the browser starts a new
                                        recorder, and the same playlist goes on
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path

from livestream.media.boxes import BadStream
from livestream.media.disk import on_disk
from livestream.media.encoder import Encoder, EncoderGone, NoEncoder, container
from livestream.media.packager import Packager
from livestream.media.reel import Fenced, Reel

logger = logging.getLogger(__name__)

FLUSH = 1.5  # seconds that an encoder gets for its last frames


class Trouble(StrEnum):
    LOST = "lost"  # the encoder died: start the recorder again
    FENCED = "fenced"  # somebody newer owns the show, or it has ended
    FULL = "full"  # the disk takes nothing more


OnTrouble = Callable[[Trouble], Awaitable[None]]


class Ingest:
    """Owns the reel of a show for one epoch."""

    def __init__(self, reel: Reel, on_trouble: OnTrouble) -> None:
        self.reel = reel
        self.on_trouble = on_trouble
        self.encoder: Encoder | None = None
        self.packager: Packager | None = None
        self.parts = 0  # of all sessions so far
        self.barren = 0  # sessions in a row that died without a picture
        self.must_transcode = False
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, folder: Path, epoch: int, on_trouble: OnTrouble) -> Ingest:
        """Claim the directory of a show. Raises Fenced."""
        return cls(await on_disk(Reel.claim, folder, epoch), on_trouble)

    @property
    def lag(self) -> float:
        return self.packager.lag if self.packager else 0.0

    async def begin(self, mime: str, *, sdp: str = "") -> None:
        """A recorder starts: whatever the last one left is flushed first.

        With `sdp` the encoder fetches the media itself, and nothing is written to it.
        Raises UnknownContainer or NoEncoder.
        """
        bursty = not sdp and container(mime) == "mp4"
        await self._end_session()
        try:
            encoder = await Encoder.start(mime, transcode=self.must_transcode, sdp=sdp)
        except NoEncoder:
            if not self.must_transcode:
                raise
            encoder = await Encoder.start(mime, sdp=sdp)  # long segments are better than no picture
        self.encoder = encoder
        self.packager = Packager(self.reel, bursty=bursty)
        self._pump = asyncio.create_task(self._run(encoder, self.packager))

    async def write(self, data: bytes) -> bool:
        """Feed the encoder; False if there is none to feed just now."""
        if self.encoder is None:
            return False
        try:
            await self.encoder.write(data)
        except EncoderGone:
            return False
        return True

    async def close(self) -> None:
        """Flush the encoder and close the open segment, unless fenced. Safe to call again."""
        await self._end_session()
        with contextlib.suppress(Fenced, OSError):
            await on_disk(self._close_reel)

    def _close_reel(self) -> None:
        if self.reel.is_ours():
            self.reel.close()

    async def _end_session(self) -> None:
        encoder, pump = self.encoder, self._pump
        self.encoder = self._pump = None
        if encoder is None or pump is None:
            return
        encoder.finish_input()
        try:
            await asyncio.wait_for(asyncio.shield(pump), FLUSH)
        except TimeoutError:
            encoder.kill()
            await pump

    async def _run(self, encoder: Encoder, packager: Packager) -> None:
        trouble = Trouble.LOST
        try:
            while data := await encoder.read():
                self.parts += await on_disk(packager.feed, data)
                if packager.rare_key_frames and not encoder.transcode:
                    self.must_transcode = True
                    break
        except Fenced:
            trouble = Trouble.FENCED
        except OSError:
            logger.exception("the show's directory cannot be written")
            trouble = Trouble.FULL
        except (BadStream, struct.error):
            logger.exception("the encoder's output cannot be read")
        finally:
            await encoder.reap()
        self.barren = 0 if packager.parts else self.barren + 1
        if self.encoder is encoder:
            self.encoder = self._pump = None
        elif trouble is Trouble.LOST:
            return  # it was asked to end
        await self.on_trouble(trouble)
