"""One room in one process: the only subscription, one encode, the same bytes to every viewer.

    channel layer --hear--> events --gather (leading edge, then a tick)--> frame --> every wire
                     |                                                       |
                     `--> counts of other processes                          `-> trail: who joins
                                                                                 or fell behind

Everything here runs on the server's event loop; only `rows` goes to threads. There is no task and
no queue per viewer: a seat is a wire and a place in the trail.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from livestream import broadcast
from livestream.hub.frame import gather, text_frame
from livestream.hub.rows import Rows
from livestream.hub.scribe import Scribe
from livestream.hub.seat import Seat
from livestream.hub.wire import HIGH_WATER

logger = logging.getLogger(__name__)

NODE = uuid4().hex  # this process, to the hubs of other processes

TICK = 0.05  # seconds that events gather while the last frame is fresh
SLICE = 1_000  # seats written before the loop may serve something else
TRAIL = 900  # frames kept for who joins or catches up: 30 s at ten frames a second, and to spare
RECENT = 300  # chat lines kept for who resumes
KEEP_UP = 30.0  # seconds a viewer may stay behind before he is let go (P22)
PULSE = 0.5  # seconds between two looks at slow viewers and at the counters
LINGER = 10.0  # seconds an empty room keeps its subscription: a reload comes back at once
DEAF = 6.0  # seconds after which the count of a silent process is dropped

TOO_SLOW = 4408
NOT_STAFF = 4403
GONE = 4404


@dataclass(frozen=True, order=True)
class Said:
    """A chat line as viewers get it, kept to answer who resumes."""

    id: int
    text: str


@dataclass(frozen=True)
class Frame:
    """One tick: the bytes for everybody, and for staff if they hear more."""

    public: bytes
    public_text: str
    staff: bytes
    staff_text: str

    def for_(self, seat: Seat) -> tuple[bytes, str]:
        return (self.staff, self.staff_text) if seat.staff else (self.public, self.public_text)


class Hub:
    """A room's viewers in this process."""

    def __init__(self, room_id: int, rows: Rows) -> None:
        self.room_id = room_id
        self.rows = rows
        self.scribe = Scribe(room_id, rows, lambda: len(self.seats))
        self.seats: set[Seat] = set()
        self._shoppers = 0  # seats that are not staff's
        self.likes = 0
        self.closed = False
        self._said: list[Said] = []
        self._floor = 0  # every visible line with a higher id is in _said
        self._checked = 0  # up to here chat was compared with the rows
        self._pending: list[tuple[str, bool]] = []
        self._trail: deque[tuple[int, Frame]] = deque(maxlen=TRAIL)
        self._position = 0
        self._ticking = False
        self._flowing: list[Seat] | None = None
        self._likes_new = 0  # tapped here, not yet told
        self._likes_shown = 0
        self._likes_unsaved = 0
        self._others: dict[str, tuple[float, int]] = {}
        self._viewers_told = -1
        self._viewers_local_told = -1
        self._viewers_peak = 0
        self._snapshot: str | None = None
        self._snapshot_lock = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._last: dict[str, float] = {}
        self._closing: asyncio.Task[None] | None = None

    # --- opening and closing ----------------------------------------------------------------

    async def open(self) -> None:
        """Subscribe first, then read: nothing said in between is missed."""
        self._spawn(self._listen())
        with contextlib.suppress(TimeoutError):  # a dead layer must not keep viewers out
            await asyncio.wait_for(self._subscribed.wait(), 2)
        opening = await self.rows.opening(self.room_id, RECENT // 2)
        self.likes = opening.likes
        self._likes_shown = opening.likes
        self._floor = opening.floor
        for id_, text in opening.said:
            self._remember(id_, text)
        self._checked = self._said[-1].id if self._said else self._floor
        self._spawn(self._pulse())

    async def close(self) -> None:
        """Save what was counted and let the subscription go."""
        if self.closed:
            return
        self.closed = True
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.gather(
            *(task for task in self._tasks if task is not asyncio.current_task()),
            return_exceptions=True,
        )
        await self._save_counts()

    def close_soon(self) -> None:
        self._closing = self._loop.create_task(self.close())

    @property
    def usable(self) -> bool:
        """Whether it may take another viewer: it is open, and lives on the running loop."""
        return not self.closed and self._loop is asyncio.get_running_loop()

    def _spawn(self, work: Any) -> None:
        self._tasks.append(self._loop.create_task(work))

    # --- seats ------------------------------------------------------------------------------

    def enter(self, seat: Seat) -> None:
        """Count him in and note where in the trail he came; frames flow after `start`."""
        seat.position = self._position
        self.seats.add(seat)
        self._shoppers += not seat.staff

    def start(self, seat: Seat) -> None:
        """He has read the history: hand over what happened meanwhile, then let frames flow."""
        self._catch_up(seat)

    def leave(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
            self._shoppers -= not seat.staff
            self._flowing = None

    @property
    def viewers(self) -> int:
        """Shoppers watching, here and in other processes."""
        fresh = self._loop.time() - DEAF
        return self._watching_here() + sum(n for at, n in self._others.values() if at > fresh)

    def _watching_here(self) -> int:
        return self._shoppers

    def dismiss(self, who: Callable[[Seat], bool], code: int) -> None:
        """Close the sockets of everyone who `who` is true for."""
        for seat in [seat for seat in self.seats if who(seat)]:
            self.leave(seat)
            seat.close(code)

    # --- history ----------------------------------------------------------------------------

    def said_after(self, last_id: int) -> list[str] | None:
        """Chat since `last_id` as event texts, or None if that is further back than we remember.

        A few lines before `last_id` come along: two processes may push in another order than they
        committed, and duplicates are harmless.
        """
        if last_id < self._floor:
            return None
        later = [said.text for said in self._said if said.id > last_id]
        return [said.text for said in self._said[: len(self._said) - len(later)][-5:]] + later

    def latest(self, count: int) -> list[str]:
        return [said.text for said in self._said[-count:]]

    async def snapshot(self) -> str | None:
        """The room as it stands, as an event text; read once for all who join in a second."""
        async with self._snapshot_lock:
            if self._snapshot is None:
                self._snapshot = await self.rows.snapshot(self.room_id)
                self._loop.call_later(1, self._forget_snapshot)
            return self._snapshot

    def _forget_snapshot(self) -> None:
        self._snapshot = None

    def _remember(self, id_: int, text: str) -> bool:
        """Keep a chat line; False if it was known already."""
        said = self._said
        if id_ <= self._floor:
            return False
        if not said or id_ > said[-1].id:
            said.append(Said(id_, text))
        elif any(line.id == id_ for line in reversed(said)):
            return False
        else:
            insort(said, Said(id_, text))
        if len(said) > RECENT:
            self._floor = said[-RECENT - 1].id
            del said[:-RECENT]
        return True

    # --- hearing ----------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                async for message in broadcast.subscription(
                    self.room_id, self._subscribed, self.hear
                ):
                    self.hear(message)
            except Exception:
                logger.warning("room %s lost its subscription", self.room_id, exc_info=True)
                await asyncio.sleep(1)

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message of the channel layer."""
        match message:
            case {"type": "hub.events", "events": list(events)}:
                self._hear_events(events)
            case {"type": "hub.counted", "node": node, "viewers": int(viewers)} if node != NODE:
                self._others[node] = (self._loop.time(), viewers)
            case {"type": "hub.liked", "count": int(count), "node": node} if node != NODE:
                self.likes += count
            case {"type": "hub.dismiss", "user": int(user)}:
                self.dismiss(lambda seat: seat.user_id == user, NOT_STAFF)
            case {"type": "hub.dismiss", "user": None}:
                self.dismiss(lambda seat: not seat.staff, GONE)

    def _hear_events(self, events: Iterable[Sequence[Any]]) -> None:
        for text, staff_only, chat_id in events:
            if chat_id > 0:
                if not self._remember(chat_id, text):
                    continue
            elif chat_id < 0:  # taken back by staff
                self._said = [said for said in self._said if said.id != -chat_id]
                self._snapshot = None
            else:
                self._snapshot = None
            self._pending.append((text, staff_only))
        self._speak()

    # --- telling ----------------------------------------------------------------------------

    def emit(self, text: str, *, staff_only: bool = False) -> None:
        """Tell one event: at once when the room is quiet, with the next frame when it is not."""
        self._pending.append((text, staff_only))
        self._speak()

    def _speak(self) -> None:
        if self._pending and not self._ticking:
            self._ticking = True
            self._flush()

    def _tick(self) -> None:
        if self._pending:
            self._flush()
        else:
            self._ticking = False

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        frame = _frame(pending)
        self._position += 1
        self._trail.append((self._position, frame))
        self._write(frame, self._everyone_flowing(), 0, self._loop.time())

    def _write(self, frame: Frame, seats: list[Seat], start: int, began: float) -> None:
        """Write to a slice of the seats, then let the loop breathe. The next tick waits."""
        for seat in seats[start : start + SLICE]:
            data = frame.staff if seat.staff else frame.public
            if data:
                try:
                    seat.write(data, frame.staff_text if seat.staff else frame.public_text)
                except RuntimeError:  # uvloop's word for a viewer who has just gone
                    self.leave(seat)
        if start + SLICE < len(seats):
            self._loop.call_soon(self._write, frame, seats, start + SLICE, began)
        else:
            rest = TICK - (self._loop.time() - began)
            self._loop.call_later(max(rest, TICK / 4), self._tick)

    def _everyone_flowing(self) -> list[Seat]:
        if self._flowing is None:
            self._flowing = [seat for seat in self.seats if seat.flowing]
        return self._flowing

    # --- who does not keep up -----------------------------------------------------------------

    def _watch(self) -> None:
        """Pause who falls behind, bring back who recovered, let go who stayed behind (P22)."""
        now = self._loop.time()
        for seat in list(self.seats):
            if not seat.wire.open:
                continue
            waiting = seat.wire.waiting()
            if seat.flowing:
                if waiting > HIGH_WATER:
                    seat.flowing = False
                    seat.position = self._position
                    seat.behind_since = now
                    self._flowing = None
            elif seat.behind_since is not None:
                if waiting == 0:
                    self._catch_up(seat)
                elif now - seat.behind_since > KEEP_UP:
                    self.leave(seat)
                    seat.wire.abort()

    def _catch_up(self, seat: Seat) -> None:
        """Hand over the frames since his place in the trail; cut him off if it is overgrown."""
        oldest = self._trail[0][0] if self._trail else self._position + 1
        if seat.position + 1 < oldest and seat.position < self._position:
            self.leave(seat)
            seat.close(TOO_SLOW)
            return
        for position, frame in self._trail:
            if position > seat.position:
                data, text = frame.for_(seat)
                if data:
                    seat.write(data, text)
        seat.flowing = True
        seat.behind_since = None
        self._flowing = None

    # --- counters ---------------------------------------------------------------------------

    def like(self, count: int) -> None:
        self.likes += count
        self._likes_new += count
        self._likes_unsaved += count

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            try:
                self._watch()
                self._count_likes()
                if self._due("viewers", 2):
                    self._count_viewers()
                if self._due("save", 2):
                    await self._save_counts()
                if self._due("staff", 2):
                    await self._check_staff()
                if self._due("heal", 5):
                    await self._heal()
            except Exception:
                logger.warning("room %s missed a pulse", self.room_id, exc_info=True)

    def _due(self, what: str, every: float) -> bool:
        now = self._loop.time()
        if now - self._last.get(what, 0.0) < every:
            return False
        self._last[what] = now
        return True

    def _count_likes(self) -> None:
        if self._likes_new:
            broadcast.liked(self.room_id, self._likes_new, NODE)
            self._likes_new = 0
        if self.likes != self._likes_shown:
            event = {
                "type": "likes.counted",
                "total": self.likes,
                "new": max(self.likes - self._likes_shown, 0),
            }
            self._likes_shown = self.likes
            self.emit(json.dumps(event))

    def _count_viewers(self) -> None:
        here = self._watching_here()
        if here != self._viewers_local_told or self._due("presence", DEAF / 3):
            self._viewers_local_told = here
            broadcast.counted(self.room_id, here, NODE)
        viewers = self.viewers
        if viewers != self._viewers_told:
            self._viewers_told = viewers
            self._viewers_peak = max(self._viewers_peak, viewers)
            self.emit(json.dumps({"type": "viewers.counted", "count": viewers}))

    async def _save_counts(self) -> None:
        """Likes and the peak become rows: once in two seconds, however many tapped."""
        likes, self._likes_unsaved = self._likes_unsaved, 0
        peak, self._viewers_peak = self._viewers_peak, 0
        if not likes and not peak:
            return
        try:
            await self.rows.count(self.room_id, likes, peak)
        except BaseException:
            self._likes_unsaved += likes
            self._viewers_peak = max(self._viewers_peak, peak)
            raise

    # --- truth ------------------------------------------------------------------------------

    async def _check_staff(self) -> None:
        """A removed clerk's sockets close although no news of it came (P15)."""
        users = {seat.user_id for seat in self.seats if seat.staff and seat.user_id}
        if users:
            gone = users - await self.rows.still_staff(self.room_id, users)
            self.dismiss(lambda seat: seat.staff and seat.user_id in gone, NOT_STAFF)

    async def _heal(self) -> None:
        """Rows are the truth, pushes may be lost: tell what was committed and never heard (P10)."""
        if not self.seats:
            return
        known = sum(said.id > self._checked for said in self._said)
        if self._checked >= self._floor and known == await self.rows.said_count(
            self.room_id, self._checked
        ):
            pass
        else:
            for id_, text in await self.rows.said_after(self.room_id, self._checked, RECENT):
                if self._remember(id_, text):
                    self._pending.append((text, False))
            self._speak()
        if self._said:
            self._checked = self._said[-1].id


def _frame(pending: list[tuple[str, bool]]) -> Frame:
    everything = gather([text for text, _ in pending])
    encoded = text_frame(everything)
    public = [text for text, staff_only in pending if not staff_only]
    if len(public) == len(pending):
        return Frame(encoded, everything, encoded, everything)
    text = gather(public) if public else ""
    return Frame(text_frame(text) if text else b"", text, encoded, everything)
