"""The sound of a show without its picture: a fraction of the bytes, cut out on the way to a viewer.

An MP4 fragment is a `moof`, which says where each track's bytes lie, and an `mdat`, which holds
them. What remains is the sound's part of both.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from livestream.media.boxes import BadStream, Splitter, child, children, read_tracks

OFFSET, SIZES = 0x1, 0x200  # of a run: it says where its bytes begin, and how long each sample is


def sound_init(init: bytes) -> bytes:
    """An init file with the sound's track alone. Raises BadStream if there is none."""
    out = bytearray()
    for kind, box in Splitter().feed(init):
        out += _moov(box) if kind == "moov" else box
    return bytes(out)


def sound_track(init: bytes) -> int:
    """The number of the sound's track. Raises BadStream."""
    for kind, box in Splitter().feed(init):
        if kind == "moov":
            for number, track in read_tracks(box).items():
                if track.kind == "soun":
                    return number
    raise BadStream("No sound.")


def sound_segment(segment: bytes, track: int) -> bytes:
    """A segment with the sound alone; empty if it holds none. Raises BadStream or struct.error."""
    out = bytearray()
    moof = b""
    for kind, box in Splitter().feed(segment):
        if kind == "moof":
            moof = box
        elif kind == "mdat" and moof:
            out += _fragment(moof, box, track)
    return bytes(out)


def _moov(moov: bytes) -> bytes:
    sound = next(n for n, track in read_tracks(moov).items() if track.kind == "soun")
    inner = bytearray()
    for kind, box in children(moov):
        if kind == "trak" and _number_of(box) != sound:
            continue
        inner += _mvex(box, sound) if kind == "mvex" else box
    return _box(b"moov", bytes(inner))


def _number_of(trak: bytes) -> int:
    tkhd = child(trak, "tkhd")
    return int(struct.unpack_from(">I", tkhd, 28 if tkhd[8] else 20)[0])


def _mvex(mvex: bytes, sound: int) -> bytes:
    kept = [
        box
        for kind, box in children(mvex)
        if kind != "trex" or struct.unpack_from(">I", box, 12)[0] == sound
    ]
    return _box(b"mvex", b"".join(kept))


def _fragment(moof: bytes, mdat: bytes, track: int) -> bytes:
    whole = moof + mdat  # offsets count from the first byte of the moof
    header = child(moof, "mfhd")
    for kind, traf in children(moof):
        if kind == "traf" and struct.unpack_from(">I", child(traf, "tfhd"), 12)[0] == track:
            return _rebuilt(header, traf, whole)
    return b""


def _rebuilt(header: bytes, traf: bytes, whole: bytes) -> bytes:
    runs = list(_runs(traf))
    data = b"".join(whole[at : at + length] for at, length in runs)
    at = 8 + len(header) + len(traf) + 8  # behind the new moof and the head of the new mdat
    inner = bytearray()
    lengths = iter(length for _at, length in runs)
    for kind, box in children(traf):
        if kind == "trun":
            box = box[:16] + struct.pack(">i", at) + box[20:]
            at += next(lengths)
        inner += box
    moof = _box(b"moof", header + _box(b"traf", bytes(inner)))
    return moof + _box(b"mdat", data)


def _runs(traf: bytes) -> Iterator[tuple[int, int]]:
    """Where each run's bytes begin, and how many they are."""
    usual = _usual_size(child(traf, "tfhd"))
    for kind, box in children(traf):
        if kind != "trun":
            continue
        options, count, at = struct.unpack_from(">IIi", box, 8)
        options &= 0xFFFFFF
        if not options & OFFSET:
            raise BadStream("A run that does not say where it begins.")
        if not options & SIZES:
            yield at, usual * count
            continue
        place = 20 + 4 * bool(options & 0x4)
        width = 4 * sum(bool(options & bit) for bit in (0x100, 0x200, 0x400, 0x800))
        ahead = 4 * bool(options & 0x100)
        sizes = (struct.unpack_from(">I", box, place + ahead + width * i)[0] for i in range(count))
        yield at, sum(sizes)


def _usual_size(tfhd: bytes) -> int:
    (options,) = struct.unpack_from(">I", tfhd, 8)
    options &= 0xFFFFFF
    if not options & 0x10:
        return 0
    ahead = 8 * bool(options & 0x1) + 4 * bool(options & 0x2) + 4 * bool(options & 0x8)
    return int(struct.unpack_from(">I", tfhd, 16 + ahead)[0])


def _box(kind: bytes, inner: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(inner), kind) + inner
