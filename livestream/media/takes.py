"""The film of what a media server recorded: its takes joined; encoded anew where they differ.

A server records each connection of an app by itself. An app that was set to another size or sound
in between, or another app, leaves takes that no player shows as one file: then what differs is
encoded anew, into the size that was shown longest. It takes its time and yields to the shop.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livestream.media.encoder import FRAME_RATE, H264
from livestream.media.film import (
    LONGEST,
    NAME,
    SLOWEST,
    DiskFull,
    ffmpeg,
    fits,
    join_files,
    take_ms,
)
from livestream.media.readiness import SMALLEST_DISK

WIDEST = 1280  # of the longer side of a picture that is encoded anew
SOUND = ["-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2"]
SILENCE = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
_ABOUT = re.compile(
    rb"^#(?!software|tb|format|version|hash|stream)([a-z_]+) ([01])[:,] *(.+)$", re.M
)


@dataclass(frozen=True)
class Shape:
    """What has to be equal if two takes are to be joined as they are."""

    picture: tuple[tuple[bytes, bytes], ...]
    sound: tuple[tuple[bytes, bytes], ...]  # empty: it has none

    @property
    def size(self) -> tuple[int, int]:
        width, _, height = dict(self.picture).get(b"dimensions", b"").partition(b"x")
        return int(width or 0), int(height or 0)


def write(folder: Path, takes: Sequence[Path]) -> Path:
    """Make NAME of takes, in this order. All of them lie in the show's folder.

    Raises DiskFull, GivenUp, BadStream, OSError or subprocess.SubprocessError.
    """
    needed = 2 * sum(take.stat().st_size for take in takes) + SMALLEST_DISK  # parts, and the film
    if shutil.disk_usage(folder).free < needed:
        raise DiskFull
    draft = folder / f".{uuid.uuid4().hex}.{NAME}"  # nobody else ever writes to it
    try:
        shapes = [shape_of(take) for take in takes]
        for shape in shapes:
            fits(*shape.size)
        if len(set(shapes)) > 1:
            _blend(takes, shapes, draft)
        else:
            join_files(list(takes), draft)
        os.replace(draft, folder / NAME)
    finally:
        draft.unlink(missing_ok=True)
    return folder / NAME


def shape_of(take: Path) -> Shape:
    """What its codecs were set to, from its first moments. Raises as `write`."""
    streams = ("-map", "0:v:0", "-map", "0:a:0?")
    told = ffmpeg("-i", str(take), *streams, "-c", "copy", "-t", "0.5", "-f", "framehash", "-")
    found: dict[bytes, list[tuple[bytes, bytes]]] = {b"0": [], b"1": []}
    for name, stream, value in _ABOUT.findall(told):
        found[stream].append((name, value))
    return Shape(tuple(sorted(found[b"0"])), tuple(sorted(found[b"1"])))


def _blend(takes: Sequence[Path], shapes: Sequence[Shape], draft: Path) -> None:
    lengths = [take_ms(take) for take in takes]
    fit = _fit(shapes, lengths) if len({one.picture for one in shapes}) > 1 else []
    sounds = {one.sound for one in shapes}
    parts: list[Path] = []
    try:
        for take, shape, length in zip(takes, shapes, lengths, strict=True):
            parts.append(draft.with_name(f"{draft.name}.{len(parts)}.mp4"))
            words = ["-i", str(take), *(SILENCE if sounds != {()} and not shape.sound else [])]
            words += ["-map", "0:v:0", *(fit or ["-c:v", "copy"])]
            words += _sound(shape, sounds)
            ffmpeg(
                *words,
                *("-f", "mp4", str(parts[-1])),
                longest=LONGEST + SLOWEST * length / 1000,
            )
        join_files(parts, draft)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _fit(shapes: Sequence[Shape], lengths: Sequence[int]) -> list[str]:
    """The words that bring each picture into the size that was shown longest."""
    shown: Counter[tuple[int, int]] = Counter()
    for shape, length in zip(shapes, lengths, strict=True):
        shown[shape.size] += length
    width, height = max(shown, key=lambda size: shown[size])
    scale = min(1.0, WIDEST / max(width, height, 1))
    width, height = round(width * scale) & ~1, round(height * scale) & ~1
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease"
    fit += f",pad={width}:{height}:-1:-1,setsar=1,fps={FRAME_RATE},format=yuv420p"
    return ["-vf", fit, *H264, "-threads", "1"]


def _sound(shape: Shape, sounds: set[tuple[tuple[bytes, bytes], ...]]) -> list[str]:
    """As it is where all are equal; else anew, and silence where there is none."""
    if len(sounds) == 1:
        return ["-map", "0:a:0?", "-c:a", "copy"]
    if not shape.sound:
        return ["-map", "1:a:0", *SOUND, "-shortest"]
    return ["-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", *SOUND]
