"""What a media server recorded becomes one film, also where the app was set anew in between."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from livestream.media import encoder, film, takes
from livestream.media.boxes import BadStream
from livestream.media.encoder import find_ffmpeg
from livestream.media.readiness import SMALLEST_DISK
from livestream.models import Replay, Room
from livestream.services.replay import finish_replays, make_films
from livestream.services.room import end_room

BASELINE = ("-profile:v", "baseline", "-preset", "ultrafast")
HIGH = ("-profile:v", "high", "-preset", "veryfast")


def record(
    file: Path, *, size="180x320", rate=24, seconds=2.0, sound=44100, coded=BASELINE
) -> Path:
    """As nginx writes what OBS sends: FLV with H.264 and AAC."""
    source = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}"]
    if sound:
        source += ["-f", "lavfi", "-i", f"sine=f=600:r={sound}"]
    subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-y", *source, "-t", str(seconds)),
            *("-c:v", "libx264", *coded, "-g", str(rate), "-pix_fmt", "yuv420p"),
            *(("-c:a", "aac", "-ar", str(sound)) if sound else ()),
            *("-f", "flv", str(file)),
        ],
        check=True,
    )
    return file


def decoded(made: Path, stream: str) -> tuple[int, str]:
    """(frames or packets of sound that a player gets, what it complains of)"""
    done = subprocess.run(
        [
            *(find_ffmpeg(), "-hide_banner", "-loglevel", "warning", "-i", str(made)),
            *("-map", stream, "-f", "framehash", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return sum(not line.startswith("#") for line in done.stdout.splitlines()), done.stderr


def sizes(made: Path) -> list[str]:
    told = subprocess.run(
        [find_ffmpeg(), "-hide_banner", "-i", str(made)], capture_output=True, text=True
    ).stderr
    return [line for line in told.splitlines() if "Video:" in line or "Audio:" in line]


def test_takes_of_one_setting_are_joined_as_they_are(tmp_path):
    two = [record(tmp_path / f"take-{one}.flv", seconds=2) for one in (1, 2)]
    assert takes.shape_of(two[0]) == takes.shape_of(two[1])
    made = takes.write(tmp_path, two)
    assert film.length_ms(made) == pytest.approx(4000, abs=150)
    assert "baseline" in sizes(made)[0].lower()  # nothing was encoded anew
    assert decoded(made, "0:v")[1] == ""


@pytest.mark.parametrize(
    "other",
    [
        {"size": "320x180", "coded": HIGH, "sound": 48000, "rate": 30},
        {"coded": HIGH},
        {"sound": 48000},
        {"sound": 0},
    ],
    ids=["size, profile and sound", "profile", "sound", "no sound"],
)
def test_takes_that_differ_are_one_film_all_the_same(tmp_path, other):
    one = record(tmp_path / "take-1.flv", seconds=3)
    two = record(tmp_path / "take-2.flv", seconds=2, **other)
    made = takes.write(tmp_path, [one, two])
    assert film.length_ms(made) == pytest.approx(5000, abs=250)
    frames, complaint = decoded(made, "0:v")
    assert complaint == ""
    assert frames == pytest.approx(5 * 24, abs=4)
    heard, complaint = decoded(made, "0:a")
    assert complaint == ""
    assert heard == pytest.approx(5 * rate_of(made) / 1024, rel=0.06)
    assert film._size(made.read_bytes()) == (180, 320)  # shown longest
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "replay.mp4",
        "take-1.flv",
        "take-2.flv",
    ]


def rate_of(made: Path) -> int:
    return next(int(line.split(" Hz")[0].split()[-1]) for line in sizes(made) if "Audio:" in line)


def test_a_large_picture_is_not_encoded_larger_than_a_phone_shows(tmp_path):
    one = record(tmp_path / "take-1.flv", size="1080x1920", seconds=1)
    two = record(tmp_path / "take-2.flv", size="180x320", seconds=0.5)
    assert film._size(takes.write(tmp_path, [one, two]).read_bytes()) == (720, 1280)


def test_a_picture_that_no_camera_makes_is_refused(tmp_path):
    one = record(tmp_path / "take-1.flv", size="4112x64", seconds=0.2)
    with pytest.raises(BadStream, match="4112x64"):
        takes.write(tmp_path, [one])
    assert sorted(tmp_path.iterdir()) == [one]


def test_whoever_makes_a_film_has_no_more_memory_than_a_show(tmp_path, monkeypatch):
    """An address space in which nothing can begin: the limit is that of the child."""
    one = record(tmp_path / "take-1.flv", seconds=0.2)
    monkeypatch.setattr(encoder, "MEMORY", 1024 * 1024)
    with pytest.raises(subprocess.CalledProcessError):
        takes.write(tmp_path, [one])


def test_a_film_waits_until_the_disk_has_room_for_it(live, settings, tmp_path, monkeypatch):
    settings.LIVE_ROOT = tmp_path
    folder = tmp_path / live.public_id
    folder.mkdir()
    one = record(folder / "take-1795379099000-1.flv", seconds=1)
    end_room(room=live)
    Room.objects.update(ended_at=timezone.now() - timedelta(minutes=1))
    needed = 2 * one.stat().st_size + SMALLEST_DISK
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed - 1))
    assert make_films() == 0
    finish_replays()
    assert Replay.objects.get().state == "processing"
    assert one.exists()
    assert not list(folder.glob("*.mp4*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed))
    assert make_films() == 1
    assert Replay.objects.values_list("state", "trouble").get() == ("ready", "")


def test_joined_unseen_the_picture_would_change_its_size_on_the_way(tmp_path):
    """What a look at them is for: many players keep the size that they began with."""
    one = record(tmp_path / "take-1.flv", seconds=2)
    two = record(tmp_path / "take-2.flv", seconds=2, size="320x180", coded=HIGH)
    unseen = tmp_path / "unseen.mp4"
    film.join_files([one, two], unseen)
    assert len(shown(unseen)) == 2
    assert shown(takes.write(tmp_path, [one, two])) == {"180x320"}


def shown(made: Path) -> set[str]:
    """The sizes of its frames."""
    words = (find_ffmpeg(), "-hide_banner", "-i", str(made), "-vf", "showinfo", "-f", "null", "-")
    told = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    return set(re.findall(r" s:([0-9]+x[0-9]+) ", told))
