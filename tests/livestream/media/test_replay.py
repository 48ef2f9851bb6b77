"""What remains of a show."""

from __future__ import annotations

import asyncio
import re

import pytest

from livestream.models import Replay
from livestream.services.replay import finish_replays, make_replay
from livestream.services.room import end_room
from tests.livestream.media.conftest import SECONDS
from tests.livestream.media.test_ingest import show_once

pytestmark = pytest.mark.django_db


def test_the_replay_is_ready_at_once_and_the_film_follows(show, live_root, recording):
    folder = live_root / show.public_id
    asyncio.run(show_once(folder, recording))
    end_room(room=show)
    assert finish_replays() == 2  # the replay, then its film
    replay = Replay.objects.get(room=show)
    assert replay.state == "ready"
    assert replay.duration_ms == pytest.approx(SECONDS * 1000, abs=150)
    assert (live_root / replay.path).read_text().endswith("#EXT-X-ENDLIST\n")
    assert (folder / "replay.mp4").stat().st_size > 10_000
    assert finish_replays() == 0


def test_every_segment_of_the_replay_is_there(show, live_root, recording):
    folder = live_root / show.public_id
    asyncio.run(show_once(folder, recording, sessions=3))
    end_room(room=show)
    make_replay(room=show)
    names = re.findall(r"^seg\d+\.m4s$", (folder / "vod.m3u8").read_text(), re.MULTILINE)
    assert names
    assert all((folder / name).exists() for name in names)


def test_a_show_without_a_picture_has_no_replay(show, live_root):
    end_room(room=show)
    assert make_replay(room=show).state == "failed"
    assert finish_replays() == 0
