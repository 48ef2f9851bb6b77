"""The replay as one MP4 file: the segments joined, nothing encoded anew."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

from livestream.media.boxes import BadStream, Splitter, child, children
from livestream.media.encoder import find_ffmpeg

NAME = "replay.mp4"
LONGEST = 600  # seconds of work


class Mixed(ValueError):
    """The sessions of a show have pictures of different kinds: they cannot be simply joined."""


def write(folder: Path) -> Path:
    """Make NAME in a show's folder. Raises Mixed, OSError or subprocess.SubprocessError."""
    if len({_picture(path.read_bytes()) for path in folder.glob("init*.mp4")}) > 1:
        raise Mixed("The picture changed its form during the show.")
    draft = folder / f".{uuid.uuid4().hex}.{NAME}"  # nobody else ever writes to it
    try:
        _join(folder / "vod.m3u8", draft)
        os.replace(draft, folder / NAME)
    finally:
        draft.unlink(missing_ok=True)
    return folder / NAME


def _join(playlist: Path, draft: Path) -> None:
    subprocess.run(
        [
            *(find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
            *("-protocol_whitelist", "file", "-allowed_extensions", "ALL"),
            *("-i", str(playlist), "-c", "copy"),
            *("-movflags", "+faststart", "-f", "mp4", str(draft)),
        ],
        check=True,
        capture_output=True,
        timeout=LONGEST,
    )


def _picture(init: bytes) -> bytes:
    """The sample description of the video track: equal if the pictures can be joined."""
    moov = next((box for kind, box in Splitter().feed(init) if kind == "moov"), b"")
    for kind, trak in children(moov):
        if kind == "trak" and child(trak, "mdia", "hdlr")[16:20] == b"vide":
            return child(trak, "mdia", "minf", "stbl", "stsd")
    raise BadStream("No video track.")
