"""Reading fragmented MP4: just enough of ISO 14496-12 to cut a stream into parts.

Pure: bytes in, numbers out. The stream is ffmpeg's own, so a surprise is an error, not a case.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

LARGEST_BOX = 32 * 1024 * 1024
NON_SYNC = 0x10000  # sample_is_non_sync_sample


class BadStream(ValueError):
    """The bytes are not the fragmented MP4 that we asked the encoder for."""


@dataclass(frozen=True)
class Track:
    """One track of the movie header. `kind` is "vide" or "soun"."""

    kind: str
    timescale: int
    duration: int = 0
    flags: int = 0


@dataclass(frozen=True)
class Fragment:
    """What one moof holds. `sync` means that a decoder can begin here. Times in seconds."""

    start: float
    duration: float
    sync: bool
    video: bool


@dataclass
class Splitter:
    """Cuts a byte stream into whole top-level boxes."""

    pending: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Every box that `data` completes, as (type, whole box)."""
        self.pending += data
        while len(self.pending) >= 8:
            size, kind = struct.unpack_from(">I4s", self.pending)
            if not 8 <= size <= LARGEST_BOX:
                raise BadStream(f"A {kind!r} box of {size} bytes.")
            if len(self.pending) < size:
                return
            box = bytes(self.pending[:size])
            del self.pending[:size]
            yield kind.decode("latin-1"), box


def children(box: bytes, header: int = 8) -> Iterator[tuple[str, bytes]]:
    """The boxes inside a box."""
    at = header
    while at + 8 <= len(box):
        size, kind = struct.unpack_from(">I4s", box, at)
        if size < 8 or at + size > len(box):
            raise BadStream(f"A {kind!r} box runs over its parent.")
        yield kind.decode("latin-1"), box[at : at + size]
        at += size


def child(box: bytes, *path: str) -> bytes:
    """The first box down a path of types."""
    for kind in path:
        box = next((inner for name, inner in children(box) if name == kind), b"")
        if not box:
            raise BadStream(f"No {kind} box.")
    return box


def read_tracks(moov: bytes) -> dict[int, Track]:
    """The tracks of a movie header, by id, with their sample defaults."""
    defaults = {}
    for kind, box in children(child(moov, "mvex")):
        if kind == "trex":
            number, _, duration, _, flags = struct.unpack_from(">5I", box, 12)
            defaults[number] = duration, flags
    tracks = {}
    for kind, trak in children(moov):
        if kind != "trak":
            continue
        tkhd, mdhd = child(trak, "tkhd"), child(trak, "mdia", "mdhd")
        (number,) = struct.unpack_from(">I", tkhd, 28 if tkhd[8] else 20)
        (timescale,) = struct.unpack_from(">I", mdhd, 28 if mdhd[8] else 20)
        handler = child(trak, "mdia", "hdlr")[16:20].decode("latin-1")
        duration, flags = defaults.get(number, (0, 0))
        tracks[number] = Track(handler, timescale, duration, flags)
    return tracks


def read_fragment(moof: bytes, tracks: dict[int, Track]) -> Fragment:
    """When a fragment begins, how long it lasts, and whether a decoder can begin with it.

    The picture decides; the sound decides only where there is no picture.
    """
    runs = []
    for kind, traf in children(moof):
        if kind == "traf" and (run := _read_run(traf, tracks)) is not None:
            runs.append(run)
    if not runs:
        raise BadStream("An empty fragment.")
    return next((run for run in runs if run.video), runs[0])


def _read_run(traf: bytes, tracks: dict[int, Track]) -> Fragment | None:
    number, duration, flags = _read_header(child(traf, "tfhd"), tracks)
    if number not in tracks:
        raise BadStream(f"A fragment of the unknown track {number}.")
    track = tracks[number]
    tfdt = child(traf, "tfdt")
    (start,) = struct.unpack_from(">Q" if tfdt[8] else ">I", tfdt, 12)
    total, first = 0, None
    for kind, box in children(traf):
        if kind == "trun":
            length, sample = _read_samples(box, duration, flags)
            total += length
            first = sample if first is None else first
    if first is None:
        return None
    video = track.kind == "vide"
    sync = not video or not first & NON_SYNC
    return Fragment(start / track.timescale, total / track.timescale, sync, video)


def _read_header(tfhd: bytes, tracks: dict[int, Track]) -> tuple[int, int, int]:
    """(track id, default sample duration, default sample flags) of a track fragment."""
    options, number = struct.unpack_from(">II", tfhd, 8)
    options &= 0xFFFFFF
    track = tracks.get(number)
    duration, flags = (track.duration, track.flags) if track else (0, 0)
    at = 16 + 8 * bool(options & 0x1) + 4 * bool(options & 0x2)
    if options & 0x8:
        (duration,) = struct.unpack_from(">I", tfhd, at)
        at += 4
    at += 4 * bool(options & 0x10)
    if options & 0x20:
        (flags,) = struct.unpack_from(">I", tfhd, at)
    return number, duration, flags


def _read_samples(trun: bytes, duration: int, flags: int) -> tuple[int, int | None]:
    """(sum of durations, flags of the first sample) of one run; None for no samples."""
    options, count = struct.unpack_from(">II", trun, 8)
    options &= 0xFFFFFF
    if not count:
        return 0, None
    at = 16 + 4 * bool(options & 0x1)
    first = flags
    if options & 0x4:
        (first,) = struct.unpack_from(">I", trun, at)
        at += 4
    width = 4 * sum(bool(options & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    if options & 0x400 and not options & 0x4:
        ahead = 4 * sum(bool(options & bit) for bit in (0x100, 0x200))
        (first,) = struct.unpack_from(">I", trun, at + ahead)
    if not options & 0x100:
        return count * duration, first
    if at + width * count > len(trun):
        raise BadStream("A run that is shorter than its samples.")
    return sum(struct.unpack_from(">I", trun, at + width * i)[0] for i in range(count)), first
