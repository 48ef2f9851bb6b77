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
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from livestream import broadcast
from livestream.hub import counts, presence
from livestream.hub.frame import Frame, frame_of
from livestream.hub.history import KEEP, History
from livestream.hub.rows import Rows
from livestream.hub.scribe import Scribe
from livestream.hub.seat import Seat
from livestream.hub.wire import HIGH_WATER
from livestream.rules.pace import ALONG, GATHERED, REST, TOGETHER, gathers

logger = logging.getLogger(__name__)

SLICE = 1_000  # seats written before the loop may serve something else
TRAIL = 900  # frames kept for who joins or catches up: half a minute of a busy room, and to spare
KEEP_UP = 30.0  # seconds a viewer may stay behind before he is let go (P22)
ATTEND = 15.0  # seconds between two times that who watches is written down
LATELY = 2 * ATTEND + 2  # seconds: whom a row says to be there later than this ago is there
LINGER = 10.0  # seconds an empty room keeps its subscription: a reload comes back at once

TOO_SLOW = 4408
NOT_STAFF = 4403
BANNED = 4403
GONE = 4404


class Hub:
    """A room's viewers in this process."""

    def __init__(self, room_id: int, rows: Rows) -> None:
        self.room_id = room_id
        self.rows = rows
        self.scribe = Scribe(room_id, rows, lambda: self.viewers.total)
        self.seats: set[Seat] = set()
        self.likes = counts.Likes(room_id)
        self.entered = counts.Entered()
        self.presence = presence.Presence()
        self.history = History()
        self.closed = False
        self._refreshing = asyncio.Lock()
        self._refreshed_at = 0.0
        self._checked = 0  # up to here the history was compared with the rows
        self._pending: list[tuple[str, bool]] = []
        self._trail: deque[tuple[int, Frame]] = deque(maxlen=TRAIL)
        self._position = 0
        self._writing = False
        self._spoke_at = float("-inf")
        self._rested_at = float("-inf")
        self._heard_at: float | None = None  # the first that waits and is no number
        self._alarm: asyncio.TimerHandle | None = None
        self._flowing: list[Seat] | None = None
        self._snapshot: str | None = None
        self._snapshot_lock = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self.viewers = counts.Viewers(room_id, self._loop.time, self.presence.crowd)
        self.sold = counts.Sold(self._loop.time)
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None

    # --- opening and closing ----------------------------------------------------------------

    async def open(self) -> None:
        """Subscribe first, then read: nothing said in between is missed.

        If the rows cannot be read, it is closed again and nothing of it stays behind.
        """
        self._spawn(self._listen())
        try:
            with contextlib.suppress(TimeoutError):  # a dead layer must not keep viewers out
                await asyncio.wait_for(self._subscribed.wait(), 2)
            opening = await self.rows.opening(self.room_id, KEEP // 2)
        except BaseException:
            await self._let_go()
            raise
        self.likes.begin(opening.likes)
        self.history.fill(opening.floor, opening.said)
        self._checked = self.history.last_id
        for seconds, duty in (
            (0.5, self._pulse),
            (2, self._count_viewers),
            (2, self._save),
            (2, self._check_staff),
            (ATTEND, self._attend),
            (5, self._heal),
        ):
            self._spawn(self._every(seconds, duty))

    async def close(self) -> None:
        """Save what was counted and let the subscription go."""
        if self.closed:
            return
        await self._let_go()
        await self._save()
        await self._attend()

    async def _let_go(self) -> None:
        """End every task; the subscription goes with its own."""
        self.closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        self._present(seat, self.presence.enter)

    def start(self, seat: Seat) -> None:
        """He has read the history: hand over what happened meanwhile, then let frames flow."""
        self._catch_up(seat)

    def leave(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
            self._present(seat, self.presence.leave)
            self._flowing = None

    def _present(self, seat: Seat, comes_or_goes: Callable[[str | None], None]) -> None:
        """Staff are not counted; a device with several tabs is one viewer."""
        if not seat.staff:
            comes_or_goes(seat.device)
            self.viewers.here = self.presence.here

    def dismiss(self, who: Callable[[Seat], bool], code: int) -> None:
        """Close the sockets of everyone who `who` is true for."""
        for seat in [seat for seat in self.seats if who(seat)]:
            self.leave(seat)
            seat.close(code)

    async def snapshot(self) -> str | None:
        """The room as it stands, as an event text; read once for all who join in a second."""
        async with self._snapshot_lock:
            if self._snapshot is None:
                self._snapshot = await self.rows.snapshot(self.room_id)
                self._loop.call_later(1, self._forget_snapshot)
            return self._snapshot

    def _forget_snapshot(self) -> None:
        self._snapshot = None

    # --- hearing ----------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                messages = broadcast.subscription(self.room_id, self._subscribed, self.hear)
                async with contextlib.aclosing(messages):
                    async for message in messages:
                        self.hear(message)
            except Exception:
                logger.warning("room %s lost its subscription", self.room_id, exc_info=True)
                await asyncio.sleep(1)

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message of the channel layer."""
        match message:
            case {"type": "hub.events", "events": list(events)}:
                self._hear_events(events)
            case {"type": "hub.counted", "node": str(node), "viewers": int(count)}:
                self.viewers.hear(node, count, message.get("marks", b""))
            case {"type": "hub.liked", "node": str(node), "count": int(count)}:
                self.likes.hear(node, count)
            case {"type": "hub.entered", "draw": str(draw), "entries": int(entries)}:
                self.entered.hear(draw, entries)
            case {"type": "hub.sold", "name": str(who), "product": str(what), "buyer": int(buyer)}:
                self.sold.hear(who, what, buyer)
            case {"type": "hub.dismiss", "user": int(user)}:
                self.dismiss(lambda seat: seat.user_id == user, NOT_STAFF)
            case {"type": "hub.dismiss", "device": str(device)}:
                self.dismiss(lambda seat: seat.device == device, BANNED)
            case {"type": "hub.dismiss", "user": None}:
                self.dismiss(lambda seat: not seat.staff, GONE)

    def _hear_events(self, events: Iterable[Sequence[Any]]) -> None:
        for text, staff_only, chat_id in events:
            if chat_id > 0:
                if not self.history.add(chat_id, text):
                    continue
            elif chat_id < 0:  # taken back by staff
                self.history.take_back(-chat_id)
                self._snapshot = None
            elif not staff_only:
                self._snapshot = None
            if not staff_only:
                self._hurry()
            self._pending.append((text, staff_only))
        self._speak()

    # --- telling ----------------------------------------------------------------------------

    def emit(self, text: str, *, staff_only: bool = False) -> None:
        """Tell one event: at once when the room is quiet, with the next frame when it is not."""
        self._pending.append((text, staff_only))
        self._speak()

    def _speak(self) -> None:
        """Send a frame now if the last one is not fresh any more, else when it is not."""
        if not self._pending or self._writing:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        wait = self._due() - self._loop.time()
        if wait <= 0 or all(staff_only for _, staff_only in self._pending):  # a few seats
            self._flush()
        else:
            self._alarm = self._loop.call_later(wait, self._speak)

    def _hurry(self) -> None:
        """What waits is more than a number that changed."""
        if self._heard_at is None:
            self._heard_at = self._loop.time()

    def _due(self) -> float:
        """When the next frame may go. A line waits a moment for those of the other processes, which
        come on the same beat, and a number that changed for the next line."""
        gathered = gathers(self.viewers.total, len(self._pending))
        if self._heard_at is None:
            return max(self._spoke_at + gathered * ALONG, self._rested_at)
        together = self._heard_at + (TOGETHER if self.viewers.elsewhere else 0)
        return max(self._spoke_at + gathered * GATHERED, self._rested_at, together)

    def _flush(self) -> None:
        pending, self._pending, self._heard_at = self._pending, [], None
        frame = frame_of(pending)
        self._position += 1
        self._trail.append((self._position, frame))
        self._writing = True
        self._write(frame, self._everyone_flowing(), 0, self._loop.time())

    def _write(self, frame: Frame, seats: list[Seat], start: int, began: float) -> None:
        """Write to a slice of the seats, then let the loop breathe. The next frame waits."""
        for seat in seats[start : start + SLICE]:
            data, text = frame.staff if seat.staff else frame.public
            if data:
                try:
                    seat.write(data, text)
                except RuntimeError:  # uvloop's word for a viewer who has just gone
                    self.leave(seat)
        if start + SLICE < len(seats):
            self._loop.call_soon(self._write, frame, seats, start + SLICE, began)
        else:
            if frame.public[0]:  # what staff alone hear does not make viewers wait
                self._spoke_at = began
                # However long it took: something else gets its turn before the next frame.
                self._rested_at = self._loop.time() + REST
            self._writing = False
            self._speak()

    def _everyone_flowing(self) -> list[Seat]:
        if self._flowing is None:
            self._flowing = [seat for seat in self.seats if seat.flowing]
        return self._flowing

    # --- who does not keep up -----------------------------------------------------------------

    def _watch(self) -> None:
        """Pause who falls behind, bring back who recovered, let go who stayed behind (P22)."""
        now = self._loop.time()
        for seat in list(self.seats):
            waiting = seat.wire.waiting()
            if (seat.flowing and waiting <= HIGH_WATER) or not seat.wire.open:  # nearly everybody
                continue
            if seat.flowing:
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
                data, text = frame.staff if seat.staff else frame.public
                if data:
                    seat.write(data, text)
        seat.flowing = True
        seat.behind_since = None
        self._flowing = None

    # --- every now and then -------------------------------------------------------------------

    async def _every(self, seconds: float, work: Callable[[], Any]) -> None:
        """Each duty has its own rhythm, so that a slow database cannot hold up the others."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                logger.warning("room %s: %s failed", self.room_id, work.__name__, exc_info=True)

    async def _pulse(self) -> None:
        self._watch()
        self._tell_count(self.likes.fold())
        self._tell_count(self.sold.fold())
        for event in self.entered.fold():
            self._snapshot = None
            self._tell_count(event)

    async def _count_viewers(self) -> None:
        self._tell_count(self.viewers.fold())

    def _tell_count(self, event: broadcast.Event | None) -> None:
        if event is not None:
            self.emit(broadcast.encode(event))

    async def _save(self) -> None:
        await counts.save(self.rows, self.room_id, self.likes, self.viewers)

    async def _attend(self) -> None:
        await presence.save(self.rows, self.room_id, self.presence, self.viewers.total)
        if broadcast.unheard() > ATTEND:  # the others have written theirs meanwhile
            self.viewers.read(await self.rows.present(self.room_id, LATELY))

    async def _check_staff(self) -> None:
        """A removed clerk's sockets close although no news of it came (P15)."""
        users = {seat.user_id for seat in self.seats if seat.staff and seat.user_id}
        if users:
            gone = users - await self.rows.still_staff(self.room_id, users)
            self.dismiss(lambda seat: seat.staff and seat.user_id in gone, NOT_STAFF)

    async def _heal(self) -> None:
        """Rows are the truth, pushes may be lost: tell what was committed and never heard (P10)."""
        if self.seats:
            await self.refresh(0)

    async def refresh(self, age: float = 1) -> None:
        """Make the history true as of `age` seconds ago: one look for all who join together."""
        async with self._refreshing:
            if self._loop.time() - self._refreshed_at > age:
                await self._compare()
                self._refreshed_at = self._loop.time()

    async def _compare(self) -> None:
        upto = self.history.last_id  # what is heard while we ask is compared the next time
        told = self.history.count_after(self._checked)
        said, likes = await self.rows.tally(self.room_id, self._checked)
        self.likes.at_least(likes)
        if told != said or self._checked < self.history.floor:
            for id_, text in await self.rows.said_after(self.room_id, self._checked, KEEP):
                if self.history.add(id_, text):
                    self._hurry()
                    self._pending.append((text, False))
            self._speak()
        self._checked = max(upto, self._checked)
