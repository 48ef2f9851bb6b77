"""Serves the shows' directories at /hls/<room>/…, mounted before Django.

A viewer asks ten times a second, so this is a bare ASGI callable: no middleware, no session, no
database. It reads nothing but files that a name of exactly the right form points at, and so it may
run in any process that sees LIVE_ROOT.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from livestream.media import cuts
from livestream.media.disk import look_up, read
from livestream.media.watch import watching

PREFIX = "/hls/"
CHUNK = 256 * 1024
_PATH = re.compile(
    r"/hls/(?P<room>[A-Za-z0-9][A-Za-z0-9_-]{2,63})/"
    r"(?P<name>(?:ll|live|vod)\.m3u8|init[0-9]{1,9}\.mp4|(?:seg|part)[0-9]{1,9}\.m4s|replay\.mp4"
    r"|(?P<cut>(?:rewind|sound|clip(?P<start>[0-9]{13})-(?P<end>[0-9]{13}))\.m3u8"
    r"|sound(?P<number>[0-9]{1,9})\.(?:m4s|mp4)))",
    re.ASCII,
)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
FRESH = b"no-cache"
# Names are never reused within a show; an hour is enough and forgives a shop that starts over.
KEEP = b"public, max-age=3600, immutable"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request below PREFIX."""
    if scope["method"] not in {"GET", "HEAD"}:
        await _answer(scope, send, 405, headers=[(b"allow", b"GET, HEAD")])
        return
    match = _PATH.fullmatch(scope["path"])
    if match is None:
        await _answer(scope, send, 404)
        return
    folder, name = Path(settings.LIVE_ROOT) / match["room"], match["name"]
    if match["cut"]:
        data = await look_up(_cut, folder, match)
        await _answer(scope, send, 404 if data is None else 200, data or b"", _kind(name))
    elif name == "replay.mp4":
        await _serve_film(scope, send, folder / name)
    elif name == "ll.m3u8":
        await _serve_newest(scope, send, folder)
    else:
        await _serve_file(scope, send, folder, name)


def _cut(folder: Path, match: re.Match[str]) -> bytes | None:
    """What is no file but made of files."""
    name = match["name"]
    if match["number"]:
        cut = cuts.sound_of if name.endswith(".m4s") else cuts.sound_head
        return cut(folder, int(match["number"]))
    if match["start"]:
        return cuts.clip_playlist(folder, int(match["start"]), int(match["end"]))
    make = cuts.rewind_playlist if name == "rewind.m3u8" else cuts.sound_playlist
    return make(folder)


async def _serve_newest(scope: Scope, send: Send, folder: Path) -> None:
    """The low-latency playlist: at once, or as soon as it has what the viewer asks for."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    number, part = _asked(query, "_HLS_msn"), _asked(query, "_HLS_part")
    async with watching(folder) as watch:
        if number is not None and watch.exists:
            if watch.too_far(number):
                await _answer(scope, send, 400)
                return
            await watch.until(lambda: watch.has(number, part))
        if not watch.exists:
            await _answer(scope, send, 404)
            return
        await _answer(scope, send, 200, watch.text, _kind("ll.m3u8"))


async def _serve_file(scope: Scope, send: Send, folder: Path, name: str) -> None:
    data = await read(folder / name)
    if data is None and name.startswith("part"):
        data = await _coming_part(folder, name)
    if data is None:
        await _answer(scope, send, 404)
    else:
        await _answer(scope, send, 200, data, _kind(name))


async def _coming_part(folder: Path, name: str) -> bytes | None:
    """A part that the playlist has hinted at is worth waiting for; any other is not there."""
    async with watching(folder) as watch:
        if watch.hint == name:
            await watch.until(lambda: watch.hint != name)
        # Also when the hint has gone on: the part may have come since we looked for it.
        return await read(folder / name)


async def _serve_film(scope: Scope, send: Send, path: Path) -> None:
    """The replay as one file, whole or by range."""
    try:
        size = (await look_up(path.stat)).st_size
    except OSError:
        await _answer(scope, send, 404)
        return
    asked = dict(scope["headers"]).get(b"range", b"").decode("latin-1")
    span = _span(asked, size) if asked else (0, size)
    if span is None:
        span_header = (b"content-range", b"bytes */%d" % size)
        await _answer(scope, send, 416, headers=[span_header])
        return
    start, end = span
    headers = [*_kind("replay.mp4"), (b"accept-ranges", b"bytes")]
    headers.append((b"content-length", b"%d" % (end - start)))
    if asked:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
    await send(_head(206 if asked else 200, headers))
    if scope["method"] == "GET":
        for chunk in _spans(start, end):
            data = await look_up(_read_span, path, *chunk)
            await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body"})


def _asked(query: dict[str, list[str]], name: str) -> int | None:
    value = query.get(name, [""])[0]
    return int(value) if _NUMBER.fullmatch(value) else None


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """(start, end) of a Range header, end not included; None if it cannot be met."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
    return (start, end) if start < end else None


def _spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, CHUNK):
        yield at, min(CHUNK, end - at)


def _read_span(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _kind(name: str) -> Headers:
    if name.endswith(".m3u8"):
        return [(b"content-type", b"application/vnd.apple.mpegurl"), (b"cache-control", FRESH)]
    kind = b"video/iso.segment" if name.endswith(".m4s") else b"video/mp4"
    return [(b"content-type", kind), (b"cache-control", KEEP)]


def _head(status: int, headers: Headers) -> dict[str, Any]:
    headers = [*headers, (b"x-content-type-options", b"nosniff")]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _answer(
    scope: Scope, send: Send, status: int, body: bytes = b"", headers: Headers | None = None
) -> None:
    headers = headers if headers is not None else [(b"cache-control", b"no-store")]
    await send(_head(status, [*headers, (b"content-length", b"%d" % len(body))]))
    await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})
