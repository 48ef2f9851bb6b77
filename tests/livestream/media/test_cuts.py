"""What the edge makes of a real show: the whole to rewind, clips, and the sound alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading

import pytest

from livestream.media import cuts
from livestream.media.boxes import Splitter
from livestream.media.encoder import arguments, find_ffmpeg
from livestream.media.packager import Packager
from livestream.media.reel import Reel, end_reel
from livestream.rules.playlist import Segment, between, event_playlist
from tests.livestream.media.conftest import MATROSKA
from tests.livestream.media.test_edge import get

pytestmark = pytest.mark.asyncio
ROOM = "abc123"


@pytest.fixture
def folder(live_root, recording):
    """A show of five seconds, as our own ffmpeg and packager make it."""
    made = subprocess.run(
        [find_ffmpeg(), *arguments(MATROSKA, transcode=False)],
        input=recording,
        capture_output=True,
        check=True,
    )
    reel = Reel.claim(live_root / ROOM, 1)
    Packager(reel, bursty=False).feed(made.stdout)
    reel.close()
    return live_root / ROOM


def lasts(folder, playlist: str) -> tuple[float, str]:
    """(seconds, what ffmpeg says) of a playlist of ours, written beside the show."""
    path = folder / "test.m3u8"
    path.write_text(playlist.replace("#EXT-X-ENDLIST\n", "") + "#EXT-X-ENDLIST\n")
    seen = subprocess.run(
        [
            *(find_ffmpeg(), "-hide_banner", "-allowed_extensions", "ALL", "-i", str(path)),
            *("-f", "null", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    hours, minutes, seconds = re.findall(r"time=(\d+):(\d+):([\d.]+)", seen.stderr)[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds), seen.stderr


async def test_the_whole_show_can_be_rewound_while_it_goes_on(folder):
    listing = await get(f"/hls/{ROOM}/rewind.m3u8")
    text = listing["body"].decode()
    assert listing["status"] == 200
    assert listing["headers"]["cache-control"] == "no-cache"
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "#EXT-X-ENDLIST" not in text
    assert "seg0.m4s" in text
    end_reel(folder)
    assert "#EXT-X-ENDLIST" in (await get(f"/hls/{ROOM}/rewind.m3u8"))["body"].decode()


async def test_what_comes_later_is_added(folder):
    before = cuts.rewind_playlist(folder).count(b"#EXTINF")
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"number": 90, "duration": 1.0, "init": 0, "turn": 0, "at": 1.0}\n{"num')
    assert cuts.rewind_playlist(folder).count(b"#EXTINF") == before + 1


async def test_a_clip_holds_its_interval(folder):
    segments = cuts._look(folder).segments
    start, end = round(segments[1].at * 1000) + 100, round(segments[2].at * 1000) + 100
    clip = await get(f"/hls/{ROOM}/clip{start}-{end}.m3u8")
    assert re.findall(r"seg\d+", clip["body"].decode()) == ["seg1", "seg2"]
    seconds, _ = lasts(folder, clip["body"].decode())
    assert 1.5 < seconds < 3


@pytest.mark.parametrize(("start", "end"), [(0, 10), (10, 0), (0, 400_000)])
async def test_a_clip_of_nothing_or_of_too_much_is_not_there(folder, start, end):
    base = round(cuts._look(folder).segments[-1].at * 1000) + 100_000
    assert (await get(f"/hls/{ROOM}/clip{base + start}-{base + end}.m3u8"))["status"] == 404


async def test_the_sound_alone_is_a_fraction_and_plays(folder):
    text = (await get(f"/hls/{ROOM}/sound.m3u8"))["body"].decode()
    names = re.findall(r"sound\d+\.(?:m4s|mp4)", text)
    picture = sound = 0
    for name in names:
        part = await get(f"/hls/{ROOM}/{name}")
        assert part["status"] == 200
        (folder / name).write_bytes(part["body"])
        if name.endswith(".m4s"):
            sound += len(part["body"])
            picture += (folder / name.replace("sound", "seg")).stat().st_size
    seconds, said = lasts(folder, text)
    assert "Video:" not in said
    assert "Audio: aac" in said
    assert 4 < seconds < 6
    assert sound < picture / 2, (sound, picture)
    kinds = [kind for kind, _box in Splitter().feed((folder / names[1]).read_bytes())]
    assert kinds == ["moof", "mdat"] * (len(kinds) // 2)


@pytest.mark.parametrize("name", ["sound9.m4s", "sound9.mp4", "rewind.m3u8", "sound.m3u8"])
async def test_what_is_not_there_is_not_found(live_root, name):
    assert (await get(f"/hls/nothing/{name}"))["status"] == 404


async def test_a_show_that_was_put_away_is_out_of_reach(folder, live_root):
    assert cuts.rewind_playlist(folder)
    folder.rename(live_root / ".banned")
    assert (await get(f"/hls/{ROOM}/rewind.m3u8"))["status"] == 404


async def test_the_list_to_rewind_never_changes_its_target():
    segments = [Segment(n, 1.0 + n, 0, 0, 100.0 + n) for n in range(3)]
    for count in (1, 2, 3):
        assert "#EXT-X-TARGETDURATION:12\n" in event_playlist(segments[:count])
    assert [one.number for one in between(segments, 100.5, 100.9)] == [0]


async def test_a_show_on_a_slow_disk_keeps_no_other_waiting(folder, live_root, monkeypatch):
    slow = live_root / "slow01"
    shutil.copytree(folder, slow)
    reading, go_on = threading.Event(), threading.Event()
    read_on = cuts._read_on

    def slowly(known, path):
        if path.parent == slow:
            reading.set()
            assert go_on.wait(20)
        read_on(known, path)

    monkeypatch.setattr(cuts, "_read_on", slowly)
    held = threading.Thread(target=cuts.rewind_playlist, args=(slow,))
    held.start()
    assert reading.wait(5)
    answered: list[bytes | None] = []
    other = threading.Thread(target=lambda: answered.append(cuts.rewind_playlist(folder)))
    other.start()
    other.join(5)
    go_on.set()
    held.join(5)
    assert answered
    assert answered[0] == cuts.rewind_playlist(slow)
