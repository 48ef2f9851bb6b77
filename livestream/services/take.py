"""What a media server recorded of a show: takes, and its replay where there is nothing else."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from pathlib import Path

from django.conf import settings

from livestream.models import Room

logger = logging.getLogger(__name__)

KINDS = {".flv", ".mp4"}


def keep_take(*, room: Room, path: str) -> bool:
    """Put a recorded file beside the show, under a name of ours; answers whether it is there.

    Only a file of the folder that LIVE_RECORDINGS names is taken, and only what holds anything: a
    publisher who was refused leaves an empty one.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    if not settings.LIVE_RECORDINGS or Path(name).suffix not in KINDS or name.startswith("."):
        return False
    source = Path(settings.LIVE_RECORDINGS) / name
    folder = Path(settings.LIVE_ROOT) / room.public_id
    try:
        if source.is_symlink() or not source.is_file() or source.stat().st_size < 1024:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"take-{int(source.stat().st_mtime * 1000)}{source.suffix}"
        draft = folder / f".{uuid.uuid4().hex}.take"
        try:
            os.link(source, draft)
        except OSError:  # another disk
            shutil.copyfile(source, draft)
        os.replace(draft, kept)
    except OSError:
        logger.exception("the recording of %s could not be kept", room.public_id)
        return False
    return True


def takes_of(room: Room) -> list[Path]:
    """What was kept, in the order in which it was recorded."""
    folder = Path(settings.LIVE_ROOT) / room.public_id
    return sorted(folder.glob("take-*"))
