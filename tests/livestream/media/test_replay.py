"""What remains of a show."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from livestream.media import film
from livestream.media.claim import alone
from livestream.media.reel import Fenced, Reel
from livestream.models import Replay, Room
from livestream.services import replay as replays
from livestream.services.replay import finish_replays, make_films, make_replay, tidy_recordings
from livestream.services.room import end_room
from tests.livestream.media.conftest import SECONDS
from tests.livestream.media.test_ingest import show_once
from tests.servers import until

pytestmark = pytest.mark.django_db


def test_the_replay_is_ready_at_once_and_the_film_follows(show, live_root, recording):
    folder = live_root / show.public_id
    asyncio.run(show_once(folder, recording))
    end_room(room=show)
    assert (finish_replays(), make_films()) == (1, 1)
    replay = Replay.objects.get(room=show)
    assert replay.state == "ready"
    assert replay.duration_ms == pytest.approx(SECONDS * 1000, abs=150)
    assert (live_root / replay.path).read_text().endswith("#EXT-X-ENDLIST\n")
    assert (folder / "replay.mp4").stat().st_size > 10_000
    assert (finish_replays(), make_films()) == (0, 0)


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


def test_a_sweep_that_meets_another_at_work_returns_at_once(show, live_root, monkeypatch):
    end_room(room=show)
    Replay.objects.filter(room=show).update(state="ready", ready_at=show.ended_at)
    films = []
    monkeypatch.setattr(film, "write", films.append)
    with alone(live_root / ".film.lock") as mine:
        assert mine
        assert make_films() == 0
    assert films == []
    assert make_films() == 1
    assert films == [live_root / show.public_id]


def test_two_films_at_once_never_share_a_draft(tmp_path, monkeypatch):
    drafts = []
    both = threading.Barrier(2, timeout=5)

    def join(playlist, draft):
        draft.write_bytes(b"film")
        drafts.append(draft)
        both.wait()

    monkeypatch.setattr(film, "_join", join)
    threads = [threading.Thread(target=film.write, args=[tmp_path]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drafts)) == 2
    assert [path.name for path in tmp_path.iterdir()] == [film.NAME]


def test_one_show_that_cannot_be_finished_does_not_stop_the_rest(show, live_root, monkeypatch):
    end_room(room=show)

    def broken(*, room):
        raise RuntimeError("an odd folder")

    monkeypatch.setattr(replays, "make_replay", broken)
    assert finish_replays() == 0


def test_a_film_that_fails_in_any_way_is_not_tried_for_ever(show, live_root, monkeypatch):
    end_room(room=show)
    replay = Replay.objects.get(room=show)
    (live_root / show.public_id).mkdir(parents=True)
    (live_root / show.public_id / "init0.mp4").write_bytes(b"no such box")
    assert replays.make_film(replay=replay) is False
    replay.refresh_from_db()
    assert replay.trouble


def test_a_process_that_ends_waits_for_no_film_and_the_next_one_tries_again(
    show, live_root, tmp_path, monkeypatch
):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(film, "find_ffmpeg", lambda: str(program))
    monkeypatch.setattr(film, "_ending", threading.Event())
    end_room(room=show)
    replay = Replay.objects.select_related("room").get(room=show)
    (live_root / show.public_id).mkdir(parents=True)
    made: list[bool] = []
    work = threading.Thread(target=lambda: made.append(replays.make_film(replay=replay)))
    work.start()
    until(lambda: film._children)
    film.give_up()
    work.join(5)
    assert made == [False]
    replay.refresh_from_db()
    assert replay.trouble == ""
    assert not list((live_root / show.public_id).iterdir())


def test_after_a_while_only_the_film_is_kept_and_it_is_the_replay(
    show, live_root, recording, client, settings
):
    folder = live_root / show.public_id
    asyncio.run(show_once(folder, recording))
    end_room(room=show)
    finish_replays()
    make_films()
    soon, later = show.ended_at + timedelta(days=6), show.ended_at + timedelta(days=8)
    assert tidy_recordings(soon) == 0
    settings.LIVE_KEEP_SEGMENTS = 0
    assert tidy_recordings(later) == 0
    settings.LIVE_KEEP_SEGMENTS = 7
    assert tidy_recordings(later) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["epoch", "replay.mp4"]
    page = client.get(f"/live/{show.public_id}/").text
    assert f'src="/hls/{show.public_id}/replay.mp4"' in page
    assert "vod.m3u8" not in page
    assert tidy_recordings(later) == 0
    with pytest.raises(Fenced):
        Reel.claim(folder, 99)  # and nobody films over it


def test_a_show_without_a_film_keeps_its_segments(show, live_root, recording):
    folder = live_root / show.public_id
    asyncio.run(show_once(folder, recording))
    end_room(room=show)
    make_replay(room=show)
    assert tidy_recordings(show.ended_at + timedelta(days=30)) == 0
    assert (folder / "vod.m3u8").exists()


def test_nothing_remains_of_a_rehearsal(show, live_root):
    folder = live_root / ".rehearsal" / show.public_id
    folder.mkdir(parents=True)
    (folder / "seg0.m4s").write_bytes(b"segment")
    now = timezone.now()
    assert tidy_recordings(now) == 0, "somebody may be at it"
    Room.objects.filter(pk=show.pk).update(state="rehearsing")
    assert tidy_recordings(now + timedelta(hours=2)) == 0, "she is still at it"
    Room.objects.filter(pk=show.pk).update(state="scheduled")
    assert tidy_recordings(now + timedelta(hours=2)) == 1
    assert not folder.exists()
