"""What a media server recorded of a show: takes, and its replay where there is nothing else."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zlib import crc32

from django.conf import settings
from django.utils import timezone

from livestream.media import film
from livestream.models import Room, StreamEvent
from livestream.models.publication import Replay

logger = logging.getLogger(__name__)

KINDS = {".flv", ".mp4"}
TRY_FOR = timedelta(minutes=15)  # in which a file may come to be there, or a disk be emptied


class Kept(StrEnum):
    """What became of a recording. The kind of its StreamEvent says so, or `recorded`."""

    THERE = "kept"
    NOTHING = "nothing"  # there is nothing to keep
    LATER = "later"  # it is not there yet, or cannot be written


def receive_take(*, room: Room, provider: str, event_id: str) -> Kept:
    """Keep what a media server has told of; what cannot be kept now is tried again by a sweep."""
    kept = keep_take(room=room, path=_file_of(event_id))
    if kept is not Kept.LATER and _is_file(event_id):
        waiting = StreamEvent.objects.filter(provider=provider, event_id=event_id[:160])
        waiting.filter(kind="recorded").update(kind=kept.value)
    return kept


def keep_late_takes() -> int:
    """Try again what could not be kept, as long as a replay waits for it. Answers how many are."""
    done = 0
    for event in _waiting(timezone.now()):
        if Replay.objects.filter(room=event.room).exclude(state="processing").exists():
            continue  # it was made without
        word = receive_take(room=event.room, provider=event.provider, event_id=event.event_id)
        done += word is Kept.THERE
    return done


def waits_for_takes(room: Room, now: datetime) -> bool:
    """Whether something was recorded of it that may still be kept."""
    return any(event.room_id == room.pk for event in _waiting(now))


def _waiting(now: datetime) -> list[StreamEvent]:
    if not settings.LIVE_RECORDINGS:
        return []
    told = StreamEvent.objects.filter(kind="recorded", at__gt=now - TRY_FOR).select_related("room")
    return [event for event in told if _is_file(event.event_id)]


def _file_of(event_id: str) -> str:
    """Every server's news of a file ends with its name."""
    return event_id.rpartition(":")[2]


def _is_file(event_id: str) -> bool:
    return Path(_file_of(event_id)).suffix in KINDS


def keep_take(*, room: Room, path: str) -> Kept:
    """Put a recorded file beside the show, under a name of ours that is the same each time.

    Only a file of the folder that LIVE_RECORDINGS names is taken, and only what holds anything: a
    publisher who was refused leaves an empty one.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    if not settings.LIVE_RECORDINGS or Path(name).suffix not in KINDS or name.startswith("."):
        return Kept.NOTHING
    source = Path(settings.LIVE_RECORDINGS) / name
    folder = Path(settings.LIVE_ROOT) / room.public_id
    try:
        if source.is_symlink():
            return Kept.NOTHING
        if not source.is_file():
            return Kept.LATER
        if source.stat().st_size < 1024:
            return Kept.NOTHING
        folder.mkdir(parents=True, exist_ok=True)
        moment = int(source.stat().st_mtime * 1000)
        _copy(source, folder / f"take-{moment}-{crc32(name.encode()):08x}{source.suffix}")
    except OSError:
        logger.exception("the recording of %s could not be kept yet", room.public_id)
        return Kept.LATER
    return Kept.THERE


def _copy(source: Path, kept: Path) -> None:
    """All of it or nothing. Raises OSError."""
    draft = kept.parent / f".{uuid.uuid4().hex}.take"
    try:
        try:
            os.link(source, draft)
        except OSError:  # another disk
            shutil.copyfile(source, draft)
        os.replace(draft, kept)
    finally:
        draft.unlink(missing_ok=True)


def runs_of(takes: Sequence[Path]) -> list[tuple[int, int]]:
    """Which moments the film of these takes shows, as `rules.playlist.runs`: each take ended when
    it was written last. Raises OSError or subprocess.SubprocessError.
    """
    found, offset = [], 0
    for take in takes:
        length = film.take_ms(take)
        found.append((int(take.name.split("-")[1]) - length, offset))
        offset += length
    return found


def takes_of(room: Room) -> list[Path]:
    """What was kept, in the order in which it was recorded."""
    folder = Path(settings.LIVE_ROOT) / room.public_id
    return sorted(folder.glob("take-*"))
