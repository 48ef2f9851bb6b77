"""A real stream of a few seconds, and a room that is on air."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livestream.media.encoder import find_ffmpeg
from livestream.models import Room

MATROSKA = "video/x-matroska;codecs=avc1,opus"
SECONDS = 5


def record(*, seconds: float = SECONDS, size: str = "180x320", key_frames: int = 24) -> bytes:
    """What a browser's recorder would have sent: H.264 and Opus in Matroska."""
    return subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error"),
            *("-f", "lavfi", "-i", f"testsrc2=s={size}:r=24", "-f", "lavfi", "-i", "sine=r=48000"),
            *("-t", f"{seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"),
            *("-tune", "zerolatency", "-g", f"{key_frames}", "-pix_fmt", "yuv420p"),
            *("-c:a", "libopus", "-cluster_time_limit", "200", "-f", "matroska", "pipe:1"),
        ],
        check=True,
        capture_output=True,
    ).stdout


@pytest.fixture(scope="session")
def recording() -> bytes:
    return record()


@pytest.fixture
def live_root(settings: Any) -> Path:
    return settings.LIVE_ROOT


def chunks(data: bytes, size: int = 8192) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.fixture
def show(live: Room) -> Room:
    """The room on air, by the name it has in these tests."""
    return live
