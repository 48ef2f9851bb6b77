"""The bare-ASGI route: what it serves, what it waits for, and what it will never open."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from livestream.media import disk, edge, watch
from livestream.rules import playlist
from livestream.rules.playlist import Part, Segment

pytestmark = pytest.mark.asyncio


async def get(
    path: str, *, query: str = "", method: str = "GET", range_: str = ""
) -> dict[str, Any]:
    """One request, as {"status", "headers", "body"}."""
    headers = [(b"range", range_.encode())] if range_ else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    answer: dict[str, Any] = {"body": b""}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer["headers"] = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer["body"] += message.get("body", b"")

    await edge.serve(scope | {"query_string": query.encode()}, None, send)
    return answer


def write_playlist(folder: Path, closed: int, parts: int, *, ended: bool = False) -> None:
    """A playlist of `closed` segments and an open one of `parts` parts, as the reel writes it."""
    segments = [Segment(n, 1.0, 0, 0, 1_700_000_000.0) for n in range(closed)]
    open_parts = tuple(Part(100 + n, 0.2, n == 0) for n in range(parts))
    current = Segment(closed, 0.2 * parts, 0, 0, 1_700_000_000.0, open_parts) if parts else None
    text = playlist.ll_playlist(segments, current, 100 + parts, ended=ended)
    (folder / "draft").write_text(text)
    (folder / "draft").rename(folder / "ll.m3u8")


@pytest.fixture
def folder(live_root: Path) -> Path:
    folder = live_root / "abc123"
    folder.mkdir(parents=True)
    (folder / "seg0.m4s").write_bytes(b"segment")
    (folder / "epoch").write_text("1")
    (live_root / "secret.m3u8").write_text("secret")
    write_playlist(folder, closed=3, parts=2)
    return folder


async def test_it_serves_each_kind_with_its_headers(folder):
    listing = await get("/hls/abc123/ll.m3u8")
    assert listing["status"] == 200
    assert listing["headers"]["content-type"] == "application/vnd.apple.mpegurl"
    assert listing["headers"]["cache-control"] == "no-cache"
    segment = await get("/hls/abc123/seg0.m4s")
    assert segment["body"] == b"segment"
    assert "immutable" in segment["headers"]["cache-control"]
    assert segment["headers"]["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/hls/../secret.m3u8",
        "/hls/abc123/../../secret.m3u8",
        "/hls/..%2f/ll.m3u8",
        "/hls/abc123/epoch",
        "/hls/abc123/journal.jsonl",
        "/hls/abc123/.ll.m3u8.1",
        "/hls/.rehearsal/abc123/ll.m3u8",
        "/hls/abc123/seg0.m4s\n",
        "/hls/abc123//ll.m3u8",
        "/hls//etc/passwd",
        "/hls/abc123/seg٣.m4s",
        "/hls/abc123/seg0.m4s\x00",
        "/hls/nobody/ll.m3u8",
        "/hls/abc123/seg99.m4s",
        "/hls/abc123/part7.m4s",
        "/hls/abc123/replay.mp4",
        "/hls/",
    ],
)
async def test_anything_else_is_not_there(folder, path):
    answer = await get(path)
    assert answer["status"] == 404
    assert answer["body"] == b""


async def test_it_only_reads(folder):
    assert (await get("/hls/abc123/ll.m3u8", method="POST"))["status"] == 405
    head = await get("/hls/abc123/seg0.m4s", method="HEAD")
    assert head["status"] == 200
    assert head["headers"]["content-length"] == "7"
    assert head["body"] == b""


@pytest.mark.parametrize(
    "query", ["", "_HLS_msn=2", "_HLS_msn=3&_HLS_part=1", "_HLS_msn=x", "_HLS_msn=-1"]
)
async def test_what_is_there_is_answered_at_once(folder, query):
    began = time.monotonic()
    assert (await get("/hls/abc123/ll.m3u8", query=query))["status"] == 200
    assert time.monotonic() - began < 0.2


async def test_a_player_that_asks_too_far_ahead_is_told_so(folder):
    assert (await get("/hls/abc123/ll.m3u8", query="_HLS_msn=9"))["status"] == 400


async def test_it_waits_for_the_part_that_is_asked_for(folder):
    waiting = asyncio.create_task(get("/hls/abc123/ll.m3u8", query="_HLS_msn=3&_HLS_part=2"))
    await asyncio.sleep(0.15)
    assert not waiting.done()
    write_playlist(folder, closed=3, parts=3)
    answer = await asyncio.wait_for(waiting, 0.5)
    assert b"part102.m4s" in answer["body"]


async def test_a_thousand_waiters_are_one_poller(folder, monkeypatch):
    looks = 0
    look = watch.Watch.look

    def counted(self):
        nonlocal looks
        looks += 1
        return look(self)

    monkeypatch.setattr(watch.Watch, "look", counted)
    query = "_HLS_msn=3&_HLS_part=2"
    waiting = [asyncio.create_task(get("/hls/abc123/ll.m3u8", query=query)) for _ in range(1000)]
    await asyncio.sleep(0.3)
    write_playlist(folder, closed=4, parts=0)
    answers = await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert {answer["status"] for answer in answers} == {200}
    assert looks < 1100, "after its first look nobody looks for himself"
    assert not watch._watches, "and nothing is kept when all have left"


async def test_what_a_newcomer_sees_first_wakes_who_waits(folder):
    query = "_HLS_msn=3&_HLS_part=2"
    waiting = asyncio.create_task(get("/hls/abc123/ll.m3u8", query=query))
    await asyncio.sleep(0.1)
    shared = watch._watches[folder]
    write_playlist(folder, closed=4, parts=0)
    await shared.look()  # as one does who came while nobody waited yet
    answer = await asyncio.wait_for(waiting, 0.5)
    assert answer["status"] == 200


async def test_a_silent_stream_is_answered_with_what_there_is(folder, monkeypatch):
    monkeypatch.setattr(watch, "PATIENCE", 0.2)
    answer = await get("/hls/abc123/ll.m3u8", query="_HLS_msn=4")
    assert answer["status"] == 200


async def test_nobody_waits_for_an_ended_show(folder):
    write_playlist(folder, closed=3, parts=0, ended=True)
    began = time.monotonic()
    answer = await get("/hls/abc123/ll.m3u8", query="_HLS_msn=3&_HLS_part=0")
    assert b"#EXT-X-ENDLIST" in answer["body"]
    assert time.monotonic() - began < 0.2


async def test_the_hinted_part_is_waited_for(folder):
    waiting = asyncio.create_task(get("/hls/abc123/part102.m4s"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    (folder / "part102.m4s").write_bytes(b"new")
    write_playlist(folder, closed=3, parts=3)
    assert (await asyncio.wait_for(waiting, 0.5))["body"] == b"new"


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("", 200, b"0123456789"),
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("bytes=5-2", 416, b""),
        ("bytes=-", 416, b""),
        ("lines=1-2", 416, b""),
    ],
)
async def test_the_film_is_served_by_range(folder, asked, status, body):
    (folder / "replay.mp4").write_bytes(b"0123456789")
    answer = await get("/hls/abc123/replay.mp4", range_=asked)
    assert (answer["status"], answer["body"]) == (status, body)
    if status == 206:
        start = b"0123456789".index(body)
        assert answer["headers"]["content-range"] == f"bytes {start}-{start + len(body) - 1}/10"
    if status != 416:
        assert answer["headers"]["accept-ranges"] == "bytes"
        assert answer["headers"]["content-length"] == str(len(body))


async def test_a_slow_disk_holds_up_nobody_else(folder, monkeypatch):
    reads = 0
    read_bytes, stat = Path.read_bytes, Path.stat

    def slow(self: Path) -> bytes:
        nonlocal reads
        reads += 1
        time.sleep(0.2)
        return read_bytes(self)

    def slow_stat(self: Path, **how: Any) -> Any:
        time.sleep(0.2)
        return stat(self, **how)

    monkeypatch.setattr(Path, "read_bytes", slow)
    monkeypatch.setattr(Path, "stat", slow_stat)
    names = ["seg0.m4s"] * 40 + ["ll.m3u8", "live.m3u8", "replay.mp4"]
    asked = [asyncio.create_task(get(f"/hls/abc123/{name}")) for name in names]
    longest, before = 0.0, time.monotonic()
    while not all(task.done() for task in asked):
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert [task.result()["status"] for task in asked] == [200] * 41 + [404, 404]
    assert longest < 0.15, "the chat on the same loop would have stood still"
    assert reads <= 3, "forty who ask at once are one read"


async def test_what_was_held_is_forgotten_with_its_file(folder):
    assert (await get("/hls/abc123/seg0.m4s"))["status"] == 200
    (folder / "seg0.m4s").unlink()
    await asyncio.sleep(disk.HOLD + 0.1)
    assert (await get("/hls/abc123/seg0.m4s"))["status"] == 404
    assert folder / "seg0.m4s" not in disk._held


async def test_a_part_that_comes_while_it_is_looked_for_is_served(folder, monkeypatch):
    read_bytes = Path.read_bytes

    def slow(self: Path) -> bytes:
        there = self.exists()
        time.sleep(0.1)  # between the look and the answer the part comes, and the hint goes on
        if not there:
            raise FileNotFoundError
        return read_bytes(self)

    monkeypatch.setattr(Path, "read_bytes", slow)
    first = asyncio.create_task(get("/hls/abc123/part102.m4s"))
    await asyncio.sleep(0.05)
    (folder / "part102.m4s").write_bytes(b"new")
    write_playlist(folder, closed=3, parts=3)
    second = asyncio.create_task(get("/hls/abc123/part102.m4s"))
    for answer in await asyncio.gather(first, second):
        assert (answer["status"], answer["body"]) == (200, b"new")
