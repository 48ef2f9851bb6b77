"""The replay as one MP4 file: the segments joined, nothing encoded anew."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from pathlib import Path

from livestream.media.boxes import BadStream, Splitter, child, children
from livestream.media.encoder import find_ffmpeg

NAME = "replay.mp4"
LONGEST = 600  # seconds of work
HEADER = 32 * 1024 * 1024  # bytes in which the header of a long film ends: it comes first


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


def write_takes(folder: Path, takes: list[Path]) -> Path:
    """Make NAME of what a media server recorded. Raises OSError or subprocess.SubprocessError."""
    token = uuid.uuid4().hex
    draft, listed = folder / f".{token}.{NAME}", folder / f".{token}.txt"
    try:
        listed.write_text("".join(f"file '{take.name}'\n" for take in takes))  # names of our own
        _run("-f", "concat", "-i", str(listed), draft=draft)
        os.replace(draft, folder / NAME)
    finally:
        draft.unlink(missing_ok=True)
        listed.unlink(missing_ok=True)
    return folder / NAME


def take_ms(take: Path) -> int:
    """How long a recording lasts. It is read to its end: one that was cut off does not know.

    Raises OSError or subprocess.SubprocessError.
    """
    told = _ffmpeg(
        "-i",
        str(take),
        *("-map", "0:v:0", "-c", "copy", "-f", "null"),
        *("-progress", "pipe:1", "-"),
    )
    moments = re.findall(rb"^out_time_us=(\d+)", told, re.MULTILINE)
    return int(moments[-1]) // 1000 if moments else 0


def length_ms(film: Path) -> int:
    """How long a film of ours lasts, from its own header."""
    with film.open("rb") as file:
        boxes = Splitter().feed(file.read(HEADER))
    header = child(next((box for kind, box in boxes if kind == "moov"), b""), "mvhd")
    wide = header[8] == 1
    scale = int.from_bytes(header[28:32] if wide else header[20:24], "big")
    length = int.from_bytes(header[32:40] if wide else header[24:28], "big")
    return round(length * 1000 / scale) if scale else 0


def _join(playlist: Path, draft: Path) -> None:
    _run("-allowed_extensions", "ALL", "-i", str(playlist), draft=draft)


def _run(*source: str, draft: Path) -> None:
    _ffmpeg(*source, *("-c", "copy", "-movflags", "+faststart", "-f", "mp4", str(draft)))


def _ffmpeg(*words: str) -> bytes:
    """What it says. The whitelist is of what it may read, so it stands before the first source."""
    program = (find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y")
    command = [*program, "-protocol_whitelist", "file", *words]
    done = subprocess.run(command, check=True, capture_output=True, timeout=LONGEST)
    return done.stdout


def _picture(init: bytes) -> bytes:
    """The sample description of the video track: equal if the pictures can be joined."""
    moov = next((box for kind, box in Splitter().feed(init) if kind == "moov"), b"")
    for kind, trak in children(moov):
        if kind == "trak" and child(trak, "mdia", "hdlr")[16:20] == b"vide":
            return child(trak, "mdia", "minf", "stbl", "stsd")
    raise BadStream("No video track.")
