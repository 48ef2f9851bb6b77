"""A real stream of a few seconds, and a room that is on air."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from livestream.media.encoder import find_ffmpeg
from livestream.models import Room
from livestream.services.room import make_room, schedule_room, start_room
from merchants.models import Merchant, User
from merchants.services.merchant import open_merchant
from merchants.services.product import VariantData, save_product

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
def live_root(settings: Any, tmp_path: Path) -> Path:
    settings.LIVE_ROOT = tmp_path / "live"
    return settings.LIVE_ROOT


def chunks(data: bytes, size: int = 8192) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def open_shop(email: str = "amy@example.com", name: str = "Media Tea") -> Merchant:
    owner = User.objects.create_user(email, "secret")
    return open_merchant(owner=owner, name=name, store="North gate", city="Guangzhou")


@pytest.fixture
def make_show(db: None) -> Callable[..., Room]:
    """A room on air, made by the verbs."""

    def make_show(shop: Merchant) -> Room:
        tea = save_product(
            merchant=shop,
            name="Longjing",
            variants=[VariantData(name="50 g", sku="L50", price=6800)],
        )
        room = make_room(
            merchant=shop,
            host=shop.staff.get(),
            title="Spring tea tonight",
            starts_at=timezone.now() + timedelta(minutes=1),
            products=[tea],
        )
        return start_room(room=schedule_room(room=room))

    return make_show


@pytest.fixture
def show(make_show: Callable[..., Room]) -> Room:
    return make_show(open_shop())
