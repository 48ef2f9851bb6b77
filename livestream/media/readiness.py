"""Whether this machine could take a picture now: an ffmpeg to run, and a disk to write on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from django.conf import settings

from livestream.media.encoder import find_ffmpeg

SMALLEST_DISK = 256 * 1024 * 1024  # bytes left for the shop when we stop recording


def has_ffmpeg() -> bool:
    """There is a program where we would look for it, and it may be run."""
    try:
        return shutil.which(find_ffmpeg()) is not None
    except RuntimeError:  # the wheel has none for this machine
        return False


def has_room() -> bool:
    """LIVE_ROOT, or the folder in which it will be made, takes a show."""
    folder = Path(settings.LIVE_ROOT)
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > SMALLEST_DISK
    except OSError:
        return False
