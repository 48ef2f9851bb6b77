"""From the encoder's byte stream to parts on the reel: one Packager per encoder session."""

from __future__ import annotations

import time
from collections.abc import Callable

from livestream.media.boxes import BadStream, Splitter, Track, read_fragment, read_tracks
from livestream.media.reel import Reel

SLOW_KEY_FRAMES = 2.5  # seconds between key frames that make a copied stream a bad live stream


class Packager:
    """Feeds a reel. Knows how far the picture is behind the clock, and how rare key frames are."""

    def __init__(
        self, reel: Reel, *, bursty: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self.reel = reel
        self.bursty = bursty
        self.clock = clock
        self.splitter = Splitter()
        self.tracks: dict[int, Track] = {}
        self.header = b""
        self.moof = b""
        self.began_at: float | None = None  # wall clock of media time zero
        self.media_time = 0.0
        self.last_sync = 0.0
        self.slow_gaps = 0
        self.parts = 0

    def feed(self, data: bytes) -> int:
        """Put every part that `data` completes on the reel; answer how many.

        Raises BadStream, Fenced, or OSError when the disk is full.
        """
        before = self.parts
        for kind, box in self.splitter.feed(data):
            self._take(kind, box)
        return self.parts - before

    @property
    def lag(self) -> float:
        """Seconds by which the newest picture is later than it would be on a perfect line."""
        if self.began_at is None:
            return 0.0
        return max(0.0, self.clock() - self.began_at - self.media_time)

    @property
    def rare_key_frames(self) -> bool:
        """Whether segments cannot be kept short without encoding anew."""
        return self.slow_gaps >= 2

    def _take(self, kind: str, box: bytes) -> None:
        if kind == "ftyp":
            self.header = box
        elif kind == "moov":
            self.tracks = read_tracks(box)
            self.reel.begin(self.header + box, bursty=self.bursty)
        elif kind == "moof":
            self.moof = box
        elif kind == "mdat":
            if not self.moof:
                raise BadStream("Media without a header.")
            self._put(self.moof, box)
            self.moof = b""

    def _put(self, moof: bytes, mdat: bytes) -> None:
        fragment = read_fragment(moof, self.tracks)
        if not self.parts and not fragment.sync:
            return  # nothing could show it
        if self.began_at is None:
            self.began_at = self.clock() - fragment.start - fragment.duration
        self._count_key_frames(fragment.sync, fragment.video, fragment.start)
        self.reel.add(
            moof + mdat,
            duration=fragment.duration,
            sync=fragment.sync,
            at=self.began_at + fragment.start,
        )
        self.parts += 1
        self.media_time = fragment.start + fragment.duration

    def _count_key_frames(self, sync: bool, video: bool, start: float) -> None:
        if sync and video:
            self.slow_gaps += start - self.last_sync > SLOW_KEY_FRAMES
            self.last_sync = start
