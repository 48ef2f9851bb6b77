"""How a show is written down for players (RFC 8216bis). Pure: no files, no clock, no Django.

    segments (about 1 s, kept for the replay)   seg0.m4s seg1.m4s seg2.m4s
    parts (about 0.2 s, the newest only)                          part9 part10 | part11 hinted

A new encoder session brings a new init file, and the first segment after it is marked as a
discontinuity. `turn` counts those marks from the beginning of the show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

SEGMENT = 0.9  # seconds after which the next part that can start a decoder starts a segment
LONGEST_SEGMENT = 12.0  # no key frame for so long: cut anyway rather than grow for ever
PART_TARGET = 0.25  # constant: players derive their distance from it
WINDOW = 12  # segments that a live playlist names
SEGMENTS_WITH_PARTS = 4
LONGEST_CLIP = 300  # seconds
CLOSING = "#EXT-X-ENDLIST"
BREAK = 0.5  # seconds between two segments from which on the picture was away


@dataclass(frozen=True)
class Part:
    """A slice of a segment. `independent` means that a decoder can begin with it."""

    number: int
    duration: float
    independent: bool

    @property
    def uri(self) -> str:
        return f"part{self.number}.m4s"


@dataclass(frozen=True)
class Segment:
    """A second or so of the show. `at` is the moment of its first frame, in seconds since 1970."""

    number: int
    duration: float
    init: int
    turn: int
    at: float
    parts: tuple[Part, ...] = ()

    @property
    def uri(self) -> str:
        return f"seg{self.number}.m4s"


def starts_segment(open_for: float, *, sync: bool) -> bool:
    """Whether a part belongs to a new segment, when the open one lasts `open_for` seconds."""
    return (sync and open_for >= SEGMENT) or open_for >= LONGEST_SEGMENT


def live_playlist(segments: Sequence[Segment], *, ended: bool = False) -> str:
    """Whole segments only: for players that know no parts, and for caches."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", *_opening(segments)]
    lines += _body(segments)
    return _join(lines, ended)


def ll_playlist(
    segments: Sequence[Segment], current: Segment | None, hint: int, *, ended: bool = False
) -> str:
    """Segments, their newest parts, and the part that comes next: low-latency HLS.

    `current` is the open segment; `hint` the number of the part that does not exist yet.
    """
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={PART_TARGET * 3:g}",
        f"#EXT-X-PART-INF:PART-TARGET={PART_TARGET:g}",
        *_opening(segments, current),
    ]
    lines += _body(segments, with_parts=SEGMENTS_WITH_PARTS)
    if current and not ended:
        lines += _head(current, segments[-1] if segments else None)
        lines += [_part(part) for part in current.parts]
    if not ended:
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part{hint}.m4s"')
    return _join(lines, ended)


def burst_playlist(segments: Sequence[Segment], *, ended: bool = False) -> str:
    """In place of the low-latency playlist where the camera only sends a second at a time."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"]
    lines += [*_opening(segments), *_body(segments)]
    return _join(lines, ended)


def vod_playlist(segments: Sequence[Segment]) -> str:
    """The whole show from its first frame: the replay."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD"]
    lines += [*_opening(segments), *_body(segments)]
    return _join(lines, ended=True)


def event_playlist(segments: Sequence[Segment], *, ended: bool = False) -> str:
    """The show from its first frame while it goes on: for those who rewind.

    Its target is the longest that a segment can be: it never changes, and players ask for a list
    that may be long only that often.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:EVENT"]
    lines += [f"#EXT-X-TARGETDURATION:{round(LONGEST_SEGMENT)}", "#EXT-X-MEDIA-SEQUENCE:0"]
    lines += ["#EXT-X-START:TIME-OFFSET=0", *_body(segments)]
    return _join(lines, ended)


def between(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """The segments that show anything of `start` to `end`, seconds since 1970; none if too long."""
    if not 0 < end - start <= LONGEST_CLIP:
        return []
    return [one for one in segments if one.at + one.duration > start and one.at < end]


def runs(segments: Iterable[Segment]) -> list[tuple[int, int]]:
    """Where the picture begins, and goes on after each break: (ms since 1970, ms of the replay)."""
    found: list[tuple[int, int]] = []
    offset, until = 0.0, float("-inf")
    for one in segments:
        if abs(one.at - until) > BREAK:
            found.append((round(one.at * 1000), round(offset * 1000)))
        offset, until = offset + one.duration, one.at + one.duration
    return found


def offset_of(known: Sequence[Sequence[int]], at: int) -> int:
    """Where in the replay, in ms, a moment is (ms since 1970), by its `runs`. The replay leaves out
    what had no picture: a moment of that is where the picture goes on.
    """
    place = 0
    for began, offset in known:
        if at < began:
            return min(place, offset)
        place = offset + at - began
    return place


def total_ms(segments: Iterable[Segment]) -> int:
    return round(sum(segment.duration for segment in segments) * 1000)


def _opening(segments: Sequence[Segment], current: Segment | None = None) -> list[str]:
    first = segments[0] if segments else current
    longest = max((segment.duration for segment in segments), default=1.0)
    lines = [
        # Rounded, not up: 1.05 s is 1, and every second more costs viewers a second of delay.
        f"#EXT-X-TARGETDURATION:{max(1, round(longest))}",
        f"#EXT-X-MEDIA-SEQUENCE:{first.number if first else 0}",
    ]
    if first and first.turn:
        # The first segment's own mark is dropped with its predecessor, so it counts as passed.
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.turn}")
    return lines


def _body(segments: Sequence[Segment], with_parts: int = 0) -> list[str]:
    lines = []
    before = None
    for place, segment in enumerate(segments):
        lines += _head(segment, before)
        if place >= len(segments) - with_parts:
            lines += [_part(part) for part in segment.parts]
        lines += [f"#EXTINF:{segment.duration:.5f},", segment.uri]
        before = segment
    return lines


def _head(segment: Segment, before: Segment | None) -> list[str]:
    lines = []
    if before and segment.turn != before.turn:
        lines.append("#EXT-X-DISCONTINUITY")
    if before is None or segment.init != before.init:
        lines.append(f'#EXT-X-MAP:URI="init{segment.init}.mp4"')
    moment = datetime.fromtimestamp(segment.at, UTC).isoformat(timespec="milliseconds")
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{moment}")
    return lines


def _part(part: Part) -> str:
    mark = ",INDEPENDENT=YES" if part.independent else ""
    return f'#EXT-X-PART:DURATION={part.duration:.5f},URI="{part.uri}"{mark}'


def _join(lines: list[str], ended: bool) -> str:
    return "\n".join([*lines, *([CLOSING] if ended else []), ""])
