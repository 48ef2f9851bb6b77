"""A real stream through a real ffmpeg onto the disk, with everything that can happen to it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from livestream.media import film
from livestream.media.encoder import NoEncoder, UnknownContainer, find_ffmpeg, slots
from livestream.media.ingest import Ingest, Trouble
from livestream.media.reel import Fenced, Reel, end_reel, read_journal
from tests.livestream.media.conftest import MATROSKA, SECONDS, chunks, record

pytestmark = pytest.mark.asyncio


async def no_trouble(trouble: Trouble) -> None:
    raise AssertionError(trouble)


async def pour(ingest: Ingest, data: bytes, mime: str = MATROSKA) -> None:
    await ingest.begin(mime)
    for chunk in chunks(data):
        await ingest.write(chunk)


async def show_once(folder: Path, data: bytes, *, epoch: int = 1, sessions: int = 1) -> None:
    ingest = await Ingest.open(folder, epoch, no_trouble)
    for _ in range(sessions):
        await pour(ingest, data)
    await ingest.close()


def seconds_of(path: Path) -> float:
    """How long ffmpeg finds a file or playlist to be, decoding every frame."""
    command = [find_ffmpeg(), "-hide_banner", "-i", str(path), "-map", "0:v", "-f", "null", "-"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    hours, minutes, seconds = re.findall(r"time=(\d+):(\d+):([\d.]+)", output)[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


async def test_segments_are_a_second_long_and_hold_their_parts(tmp_path, recording):
    await show_once(tmp_path, recording)
    segments = read_journal(tmp_path)
    assert [s.number for s in segments] == list(range(len(segments)))
    assert all(0.9 <= s.duration <= 1.1 for s in segments[:-1])
    assert sum(s.duration for s in segments) == pytest.approx(SECONDS, abs=0.1)

    text = (tmp_path / "ll.m3u8").read_text()
    newest = text.split("#EXTINF:")[-2]  # the parts before the last segment's own line
    parts = re.findall(r'URI="(part\d+\.m4s)"', newest)
    joined = b"".join((tmp_path / name).read_bytes() for name in parts)
    assert joined == (tmp_path / segments[-1].uri).read_bytes()


async def test_every_playlist_plays_in_full(tmp_path, recording):
    await show_once(tmp_path, recording)
    end_reel(tmp_path)
    for name in ("ll.m3u8", "live.m3u8", "vod.m3u8"):
        assert seconds_of(tmp_path / name) == pytest.approx(SECONDS, abs=0.15), name
        assert (tmp_path / name).read_text().endswith("#EXT-X-ENDLIST\n")
    assert not list(tmp_path.glob("part*")), "the replay needs no parts"


async def test_old_parts_leave_and_segments_stay(tmp_path, recording):
    await show_once(tmp_path, recording, sessions=2)
    assert len(list(tmp_path.glob("seg*.m4s"))) == len(read_journal(tmp_path))
    named = set(
        re.findall(r'#EXT-X-PART:.*URI="(part\d+\.m4s)"', (tmp_path / "ll.m3u8").read_text())
    )
    assert {path.name for path in tmp_path.glob("part*.m4s")} == named


async def test_a_second_recorder_is_a_discontinuity_and_the_film_is_whole(tmp_path, recording):
    await show_once(tmp_path, recording, sessions=2)
    whole = end_reel(tmp_path)
    assert [s.turn for s in whole] == sorted(s.turn for s in whole)
    assert {s.init for s in whole} == {0, 1}
    assert (tmp_path / "vod.m3u8").read_text().count("#EXT-X-DISCONTINUITY\n") == 1
    assert seconds_of(film.write(tmp_path)) == pytest.approx(2 * SECONDS, abs=0.3)


async def test_sessions_of_different_sizes_are_one_film_in_the_size_shown_longest(
    tmp_path, recording
):
    await show_once(tmp_path, recording)
    await show_once(tmp_path, record(seconds=2, size="320x180"), epoch=2)
    await show_once(tmp_path, recording, epoch=3)
    end_reel(tmp_path)
    made = film.write(tmp_path)
    assert seconds_of(made) == pytest.approx(2 * SECONDS + 2, abs=0.4)
    assert film._size(made.read_bytes()) == (180, 320)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "no drafts"
    assert seconds_of(tmp_path / "vod.m3u8") > SECONDS + 1


async def test_a_killed_encoder_is_reported_and_the_same_playlist_goes_on(
    tmp_path, recording
):  # P21
    troubles: asyncio.Queue[Trouble] = asyncio.Queue()
    ingest = await Ingest.open(tmp_path, 1, troubles.put)
    await pour(ingest, recording)
    while ingest.parts < 8:
        await asyncio.sleep(0.02)
    assert ingest.encoder is not None
    os.kill(ingest.encoder.child.pid, signal.SIGKILL)
    assert await asyncio.wait_for(troubles.get(), 3) is Trouble.LOST
    assert not await ingest.write(b"x"), "nothing is fed to a dead child"
    before = read_journal(tmp_path)

    await pour(ingest, recording)
    await ingest.close()
    after = read_journal(tmp_path)
    assert after[: len(before)] == before
    assert after[-1].turn == 1
    assert [s.number for s in after] == list(range(len(after)))


async def test_a_writer_that_died_is_continued_without_a_lost_part(tmp_path, recording):
    ingest = await Ingest.open(tmp_path, 1, no_trouble)
    await ingest.begin(MATROSKA)
    for chunk in chunks(recording):
        await ingest.write(chunk)
    while ingest.parts < 12:
        await asyncio.sleep(0.02)
    open_parts = len(ingest.reel.parts)
    reel = Reel.claim(tmp_path, 2)  # the process is gone; another one finds the directory
    assert not reel.parts
    closed = read_journal(tmp_path)
    assert open_parts == 0 or closed[-1].duration < 1.1
    with pytest.raises(Fenced):
        ingest.reel.add(b"late", duration=0.2, sync=True, at=0)
    ingest.on_trouble = lambda trouble: asyncio.sleep(0)
    await ingest.close()
    assert read_journal(tmp_path) == closed, "a fenced writer changes nothing"


async def test_an_older_epoch_cannot_claim(tmp_path):
    Reel.claim(tmp_path, 5)
    with pytest.raises(Fenced):
        Reel.claim(tmp_path, 4)
    Reel.claim(tmp_path, 5)


async def test_nothing_is_added_after_the_end(tmp_path, recording):
    await show_once(tmp_path, recording)
    end_reel(tmp_path)
    with pytest.raises(Fenced):
        Reel.claim(tmp_path, 99)


async def test_half_a_line_in_the_journal_costs_only_that_line(tmp_path, recording):
    await show_once(tmp_path, recording)
    whole = read_journal(tmp_path)
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"number": 99, "dura')
    await show_once(tmp_path, recording, epoch=2)
    again = read_journal(tmp_path)
    assert again[: len(whole)] == whole
    assert [s.number for s in again] == list(range(len(again)))


async def test_rare_key_frames_are_encoded_anew(tmp_path):
    troubles: asyncio.Queue[Trouble] = asyncio.Queue()
    ingest = await Ingest.open(tmp_path, 1, troubles.put)
    await pour(ingest, record(seconds=12, key_frames=96))
    assert await asyncio.wait_for(troubles.get(), 5) is Trouble.LOST
    assert ingest.must_transcode
    await ingest.begin(MATROSKA)
    assert ingest.encoder is not None
    assert ingest.encoder.transcode
    assert slots.taken == 1
    await ingest.close()
    assert slots.taken == 0


async def test_no_processor_left_to_encode_is_said(tmp_path, settings):
    settings.LIVE_TRANSCODES = 0
    ingest = await Ingest.open(tmp_path, 1, no_trouble)
    with pytest.raises(NoEncoder):
        await ingest.begin("video/webm;codecs=vp8,opus")


async def test_noise_gives_no_picture_and_leaves_no_child(tmp_path):
    troubles: asyncio.Queue[Trouble] = asyncio.Queue()
    ingest = await Ingest.open(tmp_path, 1, troubles.put)
    await ingest.begin(MATROSKA)
    for _ in range(20):
        await ingest.write(os.urandom(4096))
    ingest.encoder and ingest.encoder.finish_input()
    assert await asyncio.wait_for(troubles.get(), 5) is Trouble.LOST
    assert ingest.barren == 1
    assert ingest.encoder is None


@pytest.mark.parametrize("mime", ["", "text/html", "video/quicktime", "; rm -rf /"])
async def test_an_unknown_container_is_refused(tmp_path, mime):
    ingest = await Ingest.open(tmp_path, 1, no_trouble)
    with pytest.raises(UnknownContainer):
        await ingest.begin(mime)


async def test_what_safari_records_becomes_plain_segments(tmp_path, recording):
    mp4 = subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-i", "pipe:0", "-c:v", "copy", "-c:a", "aac"),
            *("-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "pipe:1"),
        ],
        input=recording,
        check=True,
        capture_output=True,
    ).stdout
    ingest = await Ingest.open(tmp_path, 1, no_trouble)
    await pour(ingest, mp4, "video/mp4;codecs=avc1.42E01F,mp4a.40.2")
    await ingest.close()
    text = (tmp_path / "ll.m3u8").read_text()
    assert "#EXT-X-PART" not in text, (
        "its seconds come in one piece: parts would make players stall"
    )
    assert "CAN-BLOCK-RELOAD=YES" in text
    end_reel(tmp_path)
    assert seconds_of(tmp_path / "vod.m3u8") == pytest.approx(SECONDS, abs=0.2)


async def test_vp8_is_encoded_anew(tmp_path):
    vp8 = subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=180x320:r=24"),
            *("-t", "3", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
            *("-g", "100", "-f", "webm", "pipe:1"),
        ],
        check=True,
        capture_output=True,
    ).stdout
    await show_once_as(tmp_path, vp8, "video/webm;codecs=vp8,opus")
    segments = end_reel(tmp_path)
    lengths = [round(s.duration) for s in segments]  # a busy machine may lose the tail
    assert len(lengths) >= 2, lengths
    assert set(lengths) == {1}, "a key frame each second is ours"


async def show_once_as(folder: Path, data: bytes, mime: str) -> None:
    ingest = await Ingest.open(folder, 1, no_trouble)
    await pour(ingest, data, mime)
    while ingest.parts < 3:
        await asyncio.sleep(0.05)
    await ingest.close()
