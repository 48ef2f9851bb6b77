"""What the edge makes of a show on the way: the whole of it to rewind, a clip, its sound alone.

Nothing of this is a file. The journal is read once and then only where it has grown, so that a show
of hours costs as much as one of minutes.
"""

from __future__ import annotations

import json
import re
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from livestream.media.boxes import BadStream
from livestream.media.sound import sound_init, sound_segment, sound_track
from livestream.rules import playlist
from livestream.rules.playlist import Segment

MOST = 64  # shows whose journals are held: some 3 MB for one of four hours
ENDED = "ended"
_INIT = re.compile(r"\binit([0-9]+)\.mp4")
_SEGMENT = re.compile(r"\bseg([0-9]+)\.m4s")
_lock = threading.Lock()  # of `_journals`; nothing is read while it is held


@dataclass
class _Journal:
    lock: threading.Lock = field(default_factory=threading.Lock)  # of what follows
    read: int = 0
    segments: list[Segment] = field(default_factory=list)
    text: tuple[int, bool, bytes] = (-1, False, b"")


_journals: dict[Path, _Journal] = {}


def rewind_playlist(folder: Path) -> bytes | None:
    """Everything that was shown so far, and what follows; None if there was nothing."""
    journal = _look(folder)
    over = _is_over(folder)
    with journal.lock:
        if not journal.segments:
            return None
        if journal.text[:2] != (len(journal.segments), over):
            text = playlist.event_playlist(journal.segments, ended=over).encode()
            journal.text = len(journal.segments), over, text
        return journal.text[2]


def clip_playlist(folder: Path, start: int, end: int) -> bytes | None:
    """What was shown between two moments, in ms since 1970; None if that is nothing or too much."""
    shown = playlist.between(_look(folder).segments, start / 1000, end / 1000)
    return playlist.vod_playlist(shown).encode() if shown else None


def sound_playlist(folder: Path) -> bytes | None:
    """The live playlist, of sound alone."""
    text = _text(folder / "live.m3u8")
    if text is None:
        return None
    return _SEGMENT.sub(r"sound\1.m4s", _INIT.sub(r"sound\1.mp4", text)).encode()


def sound_head(folder: Path, number: int) -> bytes | None:
    with suppress(OSError, BadStream, StopIteration, struct.error):
        return sound_init((folder / f"init{number}.mp4").read_bytes())
    return None


def sound_of(folder: Path, number: int) -> bytes | None:
    """The sound of one segment of the show."""
    segments = _look(folder).segments
    first = segments[0].number if segments else 0
    at = number - first
    if not 0 <= at < len(segments) or segments[at].number != number:
        return None
    with suppress(OSError, BadStream, struct.error):
        track = sound_track((folder / f"init{segments[at].init}.mp4").read_bytes())
        return sound_segment((folder / f"seg{number}.m4s").read_bytes(), track)
    return None


def _look(folder: Path) -> _Journal:
    """The journal as it is now; its segments only ever become more, so reading them needs no lock.

    A show that was put away is forgotten with its folder.
    """
    path = folder / "journal.jsonl"
    try:
        size = path.stat().st_size
    except OSError:
        with _lock:
            _journals.pop(folder, None)
        return _Journal()
    with _lock:
        known = _journals.pop(folder, None)
        if known is None or size < known.read:
            known = _Journal()
        _journals[folder] = known  # the last one asked for is the last to go
        while len(_journals) > MOST:
            del _journals[next(iter(_journals))]
    with known.lock:
        if size > known.read:
            _read_on(known, path)
    return known


def _read_on(known: _Journal, path: Path) -> None:
    with path.open("rb") as file:
        file.seek(known.read)
        new = file.read()
    whole = new.rfind(b"\n") + 1
    known.read += whole
    for line in new[:whole].splitlines():
        with suppress(ValueError, TypeError):
            segment = Segment(**json.loads(line) | {"parts": ()})
            if not known.segments or segment.number > known.segments[-1].number:
                known.segments.append(segment)


def _is_over(folder: Path) -> bool:
    return _text(folder / "epoch") == ENDED


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
