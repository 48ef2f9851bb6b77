"""The replay as one MP4 file: the segments joined; encoded anew only if their form changed."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import threading
import uuid
from collections import Counter
from itertools import chain, groupby
from pathlib import Path

from livestream.media.boxes import BadStream, Splitter, child, children
from livestream.media.encoder import FRAME_RATE, H264, find_ffmpeg, restrain
from livestream.media.reel import read_journal
from livestream.rules.playlist import Segment

NAME = "replay.mp4"
LONGEST = 600  # seconds of work
SLOWEST = 10  # more of them for each second that is encoded anew
YIELDS = ("nice", "-n", "15") if shutil.which("nice") else ()
LARGEST = 4096  # of a side of a picture: what is larger takes the memory of the shop
HEADER = 32 * 1024 * 1024  # bytes in which the header of a long film ends: it comes first


class GivenUp(Exception):
    """The process ends before the film is made."""


class DiskFull(Exception):
    """There is no room for the film now; there may be later."""


def fits(width: int, height: int) -> None:
    """Raises BadStream of a picture that no camera of a shop makes."""
    if max(width, height) > LARGEST:
        raise BadStream(f"A picture of {width}x{height} is too large.")


_children: set[subprocess.Popen[bytes]] = set()
_ending = threading.Event()


def write(folder: Path) -> Path:
    """Make NAME in a show's folder.

    Raises GivenUp, BadStream, OSError or subprocess.SubprocessError.
    """
    draft = folder / f".{uuid.uuid4().hex}.{NAME}"  # nobody else ever writes to it
    try:
        if len({_picture(path.read_bytes()) for path in folder.glob("init*.mp4")}) > 1:
            _blend(folder, draft)
        else:
            _join(folder / "vod.m3u8", draft)
        os.replace(draft, folder / NAME)
    finally:
        draft.unlink(missing_ok=True)
    return folder / NAME


def take_ms(take: Path) -> int:
    """How long a recording lasts. It is read to its end: one that was cut off does not know.

    Raises GivenUp, OSError or subprocess.SubprocessError.
    """
    told = ffmpeg(
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


def _blend(folder: Path, draft: Path) -> None:
    """The phone was turned, or a colleague's camera took over: each session is encoded anew, into
    the shape that was shown longest, and they are joined. It takes its time and yields to the shop.
    """
    sessions = [list(those) for _, those in groupby(read_journal(folder), lambda one: one.init)]
    shown: Counter[tuple[int, int]] = Counter()
    for one in chain(*sessions):
        shown[_size((folder / f"init{one.init}.mp4").read_bytes())] += round(one.duration * 1000)
    for size in shown:
        fits(*size)
    width, height = max(shown, key=lambda size: shown[size])
    parts: list[Path] = []
    try:
        for session in sessions:
            parts.append(draft.with_name(f"{draft.name}.{len(parts)}.mp4"))
            _encode(folder, session, parts[-1], width & ~1, height & ~1)
        join_files(parts, draft)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _encode(folder: Path, session: list[Segment], part: Path, width: int, height: int) -> None:
    whole = part.with_suffix(".source")
    try:
        with whole.open("wb") as file:
            for name in (f"init{session[0].init}.mp4", *(segment.uri for segment in session)):
                file.write((folder / name).read_bytes())
        fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease"
        fit += f",pad={width}:{height}:-1:-1,setsar=1,fps={FRAME_RATE},format=yuv420p"
        words = ["-i", str(whole), "-vf", fit, *H264, "-threads", "1", "-c:a", "copy"]
        seconds = sum(segment.duration for segment in session)
        ffmpeg(*words, "-f", "mp4", str(part), longest=LONGEST + SLOWEST * seconds)
    finally:
        whole.unlink(missing_ok=True)


def join_files(files: list[Path], draft: Path) -> None:
    """Of one folder, and named by us."""
    listed = draft.with_suffix(".txt")
    try:
        listed.write_text("".join(f"file '{file.name}'\n" for file in files))
        _run("-f", "concat", "-safe", "0", "-i", str(listed), draft=draft)
    finally:
        listed.unlink(missing_ok=True)


def _run(*source: str, draft: Path) -> None:
    ffmpeg(*source, *("-c", "copy", "-movflags", "+faststart", "-f", "mp4", str(draft)))


def give_up() -> None:
    """This process ends: whatever is being made is left, for the next one to begin again."""
    _ending.set()
    for process in list(_children):
        process.kill()


def ffmpeg(*words: str, longest: float = LONGEST) -> bytes:
    """What it says. The whitelist is of what it may read, so it stands before the first source."""
    program = (find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y")
    command = [*YIELDS, *program, "-protocol_whitelist", "file", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _children.add(process)
        restrain(process.pid, polite=False, writes=True)  # it is nicer than polite: YIELDS
        try:
            if _ending.is_set():
                raise GivenUp
            said, complaint = process.communicate(timeout=longest)
        finally:
            process.kill()
            _children.discard(process)
    if _ending.is_set():
        raise GivenUp
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said, complaint)
    return said


def _picture(init: bytes) -> bytes:
    """The sample description of the video track: equal if the pictures can be joined."""
    moov = next((box for kind, box in Splitter().feed(init) if kind == "moov"), b"")
    for kind, trak in children(moov):
        if kind == "trak" and child(trak, "mdia", "hdlr")[16:20] == b"vide":
            return child(trak, "mdia", "minf", "stbl", "stsd")
    raise BadStream("No video track.")


def _size(init: bytes) -> tuple[int, int]:
    """(width, height) of the picture."""
    width, height = struct.unpack_from(">HH", _picture(init), 48)
    return width, height
