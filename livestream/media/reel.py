"""The directory of one show: its init files, segments, newest parts and playlists.

    LIVE_ROOT/<room>/   epoch   init0.mp4   seg0.m4s …   part12.m4s …   journal.jsonl
                        ll.m3u8   live.m3u8   vod.m3u8   replay.mp4

Every file appears by rename, whole or not at all, so any process may serve the directory. What has
been written survives the writer: the next one reads the journal and carries the same lists on.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from livestream.rules import playlist
from livestream.rules.playlist import Part, Segment

ENDED = "ended"
LAST_WORD = 0.1  # seconds in which a writer that is past its check of the fence has written
_PART = re.compile(r'#EXT-X-PART:DURATION=([\d.]+),URI="part(\d+)\.m4s"(,INDEPENDENT=YES)?')
_HINT = re.compile(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part(\d+)\.m4s"')
_MAP = re.compile(r'#EXT-X-MAP:URI="init(\d+)\.mp4"')
_AT = re.compile(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)")


class Fenced(Exception):
    """A newer publication owns this directory, or the show is over: write nothing more."""


class Reel:
    """The one writer of a show. Not for threads: its ingest calls it from one at a time."""

    def __init__(self, folder: Path, epoch: int) -> None:
        self.folder = folder
        self.epoch = str(epoch)
        self.segments: list[Segment] = []  # the window of the live playlists, oldest first
        self.parts: list[tuple[Part, bytes]] = []  # of the open segment
        self.next_segment = 0
        self.next_part = 0
        self.init = -1
        self.turn = 0
        self.opened_at = 0.0
        self.bursty = False

    @classmethod
    def claim(cls, folder: Path, epoch: int) -> Reel:
        """Become the writer of a show. Raises Fenced if a newer epoch has been here."""
        folder.mkdir(parents=True, exist_ok=True)
        reel = cls(folder, epoch)
        fence = reel._fence()
        if fence == ENDED or (fence and int(fence) > epoch):
            raise Fenced(fence)
        reel._write("epoch", reel.epoch.encode())
        reel._recover()
        return reel

    def begin(self, init: bytes, *, bursty: bool = False) -> None:
        """A new encoder session: what follows is read with `init`.

        `bursty` sources deliver whole seconds, for which parts only make players stall.
        """
        self.close()
        self._check()
        if self.segments and self.segments[-1].turn == self.turn:
            self.turn += 1  # a session that closed no segment leaves its turn to the next
        self.init += 1
        self.bursty = bursty
        self._write(f"init{self.init}.mp4", init)

    def add(self, data: bytes, *, duration: float, sync: bool, at: float) -> None:
        """Append one part; it opens a new segment where it can. Raises Fenced or OSError."""
        self._check()
        open_for = sum(part.duration for part, _ in self.parts)
        if self.parts and playlist.starts_segment(open_for, sync=sync):
            self.close()
        if not self.parts:
            self.opened_at = at
        part = Part(self.next_part, duration, sync)
        if not self.bursty:
            self._write(part.uri, data)
        self.next_part += 1
        self.parts.append((part, data))
        self._announce()

    def close(self) -> None:
        """Close the open segment, if there is one, and announce it everywhere."""
        if not self.parts:
            return
        segment = self._current()
        self._write(segment.uri, b"".join(data for _, data in self.parts))
        self._note(segment)
        self.parts = []
        self.next_segment += 1
        self.segments = [*self.segments, segment][-playlist.WINDOW :]
        self._forget_parts()
        self._write("live.m3u8", playlist.live_playlist(self.segments).encode())
        self._announce()

    def is_ours(self) -> bool:
        """Whether nobody newer has come and the show goes on."""
        return self._fence() == self.epoch

    def _current(self) -> Segment:
        parts = tuple(part for part, _ in self.parts)
        length = sum(part.duration for part in parts)
        at = self.opened_at
        return Segment(self.next_segment, length, self.init, self.turn, at, parts)

    def _announce(self) -> None:
        if self.bursty:
            text = playlist.burst_playlist(self.segments)
        else:
            current = self._current() if self.parts else None
            text = playlist.ll_playlist(self.segments, current, self.next_part)
        self._write("ll.m3u8", text.encode())

    def _note(self, segment: Segment) -> None:
        line = json.dumps(asdict(replace(segment, parts=())))
        with (self.folder / "journal.jsonl").open("a") as journal:
            journal.write(line + "\n")

    def _forget_parts(self) -> None:
        keep = playlist.SEGMENTS_WITH_PARTS
        if len(self.segments) > keep:
            old = self.segments[-keep - 1]
            for part in old.parts:
                (self.folder / part.uri).unlink(missing_ok=True)
            self.segments[-keep - 1] = replace(old, parts=())

    def _fence(self) -> str:
        try:
            return (self.folder / "epoch").read_text()
        except FileNotFoundError:
            return ""

    def _check(self) -> None:
        if not self.is_ours():
            raise Fenced(self._fence())

    def _write(self, name: str, data: bytes) -> None:
        # The epoch in the temporary name keeps a stale writer out of ours.
        draft = self.folder / f".{name}.{self.epoch}"
        draft.write_bytes(data)
        os.replace(draft, self.folder / name)

    def _recover(self) -> None:
        """Carry on where the last writer stopped, with the parts it had not closed."""
        whole = read_journal(self.folder)
        if whole:
            self.segments = whole[-playlist.WINDOW :]
            self.next_segment = whole[-1].number + 1
            self.init, self.turn = whole[-1].init, whole[-1].turn
            self._end_line()
        with suppress(FileNotFoundError):
            self._recover_parts((self.folder / "ll.m3u8").read_text())
        inits = (int(path.stem[4:]) for path in self.folder.glob("init*.mp4"))
        self.init = max([self.init, *inits])

    def _end_line(self) -> None:
        """A crash in the middle of a line must not swallow the next one."""
        with (self.folder / "journal.jsonl").open("a") as journal:
            journal.write("\n")

    def _recover_parts(self, text: str) -> None:
        if hint := _HINT.search(text):
            self.next_part = int(hint[1])
        tail = text.rsplit("#EXTINF", 1)[-1]
        if maps := _MAP.findall(text):
            self.init = int(maps[-1])
        if "#EXT-X-DISCONTINUITY\n" in tail and self.segments:
            self.turn += 1
        if moments := _AT.findall(tail):
            self.opened_at = datetime.fromisoformat(moments[-1]).timestamp()
        for length, number, mark in _PART.findall(tail):
            with suppress(FileNotFoundError):
                data = (self.folder / f"part{number}.m4s").read_bytes()
                self.parts.append((Part(int(number), float(length), bool(mark)), data))
        self.close()


def end_reel(folder: Path) -> list[Segment]:
    """End a show: nothing can be added, every playlist is closed, the replay is readable.

    Answers all segments; none if there never was a picture. Safe to call again, from any process.
    """
    if not folder.is_dir():
        return []
    reel = Reel(folder, 0)
    reel.epoch = ENDED
    reel._write("epoch", ENDED.encode())
    time.sleep(LAST_WORD)
    reel._recover()
    if not reel.segments:
        return []
    whole = read_journal(folder)
    reel._write("live.m3u8", playlist.live_playlist(reel.segments, ended=True).encode())
    reel._write("ll.m3u8", playlist.burst_playlist(reel.segments, ended=True).encode())
    reel._write("vod.m3u8", playlist.vod_playlist(whole).encode())
    for path in folder.glob("part*.m4s"):
        path.unlink(missing_ok=True)
    return whole


def put_away(folder: Path) -> None:
    """Take a show out of the edge's reach, which opens no name with a dot; for the record only.

    Its writer is fenced off first. Safe to call again, also when there is nothing.
    """
    if not folder.is_dir():
        return
    away = folder.parent / ".banned"
    away.mkdir(exist_ok=True)
    place = away / folder.name
    try:
        end_reel(folder)
    finally:  # out of reach even if its last segment is lost
        folder.rename(away / f"{folder.name}.{uuid.uuid4().hex}" if place.exists() else place)


def thin(folder: Path, *, film: str) -> None:
    """Keep only the film of an ended show, and the fence that lets nobody write to it again.

    The playlist goes last: a thinning that was killed is known by it and goes on.
    """
    last = folder / "vod.m3u8"
    for path in folder.iterdir():
        if path.is_file() and path.name not in {film, "epoch", last.name}:
            path.unlink(missing_ok=True)
    last.unlink(missing_ok=True)


def read_journal(folder: Path) -> list[Segment]:
    """Every closed segment of a show, oldest first. A line cut short by a crash is left out."""
    try:
        lines = (folder / "journal.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    segments: list[Segment] = []
    for line in lines:
        with suppress(ValueError, TypeError):  # also the empty line left by _end_line
            segment = Segment(**json.loads(line) | {"parts": ()})
            if not segments or segment.number > segments[-1].number:
                segments.append(segment)
    return segments
