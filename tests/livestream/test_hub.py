"""The hub by itself: who hears what, in which frame, and who is let go."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from livestream import broadcast
from livestream.consumers import dashboard, door
from livestream.consumers.dashboard import DashboardConsumer
from livestream.hub import counts
from livestream.hub import room as hub_module
from livestream.hub.counts import NODE
from livestream.hub.frame import gather, text_frame
from livestream.hub.room import HIGH_WATER, Hub
from livestream.hub.rows import Opening
from livestream.hub.seat import Seat
from livestream.hub.wire import OUTBOX, AwaitedWire
from livestream.rules.pace import TICK
from livestream.rules.presence import Stay, lowest, mark_of


class Memory:
    """The rows behind a room, without a database: what was said, liked, and who works here."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.likes = 0
        self.peak = 0
        self.staff = {1}
        self.says = 0
        self.stays: list[Stay] = []
        self.attending = 0

    async def opening(self, room_id: int, count: int) -> Opening:
        return Opening(likes=self.likes, floor=0, said=self.lines[-count:])

    async def said_after(self, room_id: int, last_id: int, count: int) -> list[tuple[int, str]]:
        return [line for line in self.lines if line[0] > last_id][-count:]

    async def tally(self, room_id: int, last_id: int) -> tuple[int, int]:
        return len(await self.said_after(room_id, last_id, 10_000)), self.likes

    async def snapshot(self, room_id: int) -> str | None:
        return None

    async def count(self, room_id: int, likes: int, peak: int) -> None:
        self.likes += likes
        self.peak = max(self.peak, peak)

    async def attend(self, room_id: int, stays: list[Stay], viewers: int) -> None:
        self.stays += stays

    async def present(self, room_id: int, seconds: float) -> int:
        return self.attending

    async def still_staff(self, room_id: int, users: set[int]) -> set[int]:
        return users & self.staff


class Ear:
    """The far end of a socket. It can stop reading."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.code: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.frames.append(json.loads(message["text"]))

    @property
    def events(self) -> list[dict[str, Any]]:
        frames = [frame if isinstance(frame, list) else [frame] for frame in self.frames]
        return [event for frame in frames for event in frame]

    def texts(self) -> list[str]:
        return [event["text"] for event in self.events if "text" in event]


def said(id_: int) -> str:
    return json.dumps({"type": "chat.said", "id": id_, "text": f"line {id_}"})


def message(*events: list[Any]) -> dict[str, Any]:
    return {"type": "hub.events", "events": list(events)}


@pytest.fixture
def rows() -> Memory:
    return Memory()


@pytest.fixture
async def hub(rows, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    broadcast.attach()
    hub = Hub(4242, rows)
    await hub.open()
    yield hub
    await hub.close()


def sit(
    hub: Hub, *, staff: bool = False, user: int | None = None, device: str | None = None
) -> tuple[Seat, Ear]:
    ear = Ear()
    seat = Seat(ear.send, staff=staff, user_id=user, device=device)
    hub.enter(seat)
    hub.start(seat)
    return seat, ear


async def settle(seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds or 0.02)


def test_a_frame_is_what_a_websocket_expects():
    assert text_frame("hi") == b"\x81\x02hi"
    assert text_frame("x" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert text_frame("x" * 70_000)[:10] == b"\x81\x7f" + (70_000).to_bytes(8, "big")
    assert gather(["{}"]) == "{}"
    assert json.loads(gather(['{"a":1}', '{"b":2}'])) == [{"a": 1}, {"b": 2}]


async def test_the_first_event_goes_at_once_and_the_next_ones_together(hub):
    _, ear = sit(hub)
    hub.emit('{"type":"a"}')
    for name in "bcd":
        hub.emit(json.dumps({"type": name}))
    for _ in range(5):
        await asyncio.sleep(0)
    assert ear.frames == [{"type": "a"}]
    await settle(TICK * 2)
    assert ear.frames[1:] == [[{"type": "b"}, {"type": "c"}, {"type": "d"}]]


async def test_what_is_no_line_goes_with_the_next_line(hub, monkeypatch):
    """A number that goes on its own would make the line after it wait for a frame of its own."""
    monkeypatch.setattr(hub_module, "gathers", lambda viewers, waiting: 0.4)
    _, ear = sit(hub)
    hub.hear(message([said(1), False, 1]))
    await settle()
    hub.emit('{"type":"likes.counted"}')
    await settle(0.42)  # the line comes on the beat
    assert len(ear.frames) == 1
    hub.hear(message([said(2), False, 2]))
    await settle(0.1)
    assert [event["type"] for event in ear.frames[1]] == ["likes.counted", "chat.said"]


async def test_lines_of_one_beat_are_one_frame_if_others_write_as_well(hub, monkeypatch):
    monkeypatch.setattr(hub_module, "TOGETHER", 0.4)
    _, ear = sit(hub)
    hub.hear(message([said(1), False, 1]))
    hub.hear(message([said(2), False, 2]))
    await settle(TICK * 2)
    assert ear.frames[0]["id"] == 1  # alone: at once
    hub.hear({"type": "hub.counted", "viewers": 10, "node": "another"})
    hub.viewers.fold()
    ear.frames.clear()
    await settle(TICK * 2)
    hub.hear(message([said(3), False, 3]))
    await settle(0.1)
    hub.hear(message([said(4), False, 4]))  # as another process pushes it, a moment later
    await settle(0.5)
    lines = [frame for frame in ear.frames if "chat.said" in json.dumps(frame)]
    assert [[event["id"] for event in lines[0]], len(lines)] == [[3, 4], 1]


async def test_staff_hear_more(hub):
    _, guest = sit(hub)
    _, bob = sit(hub, staff=True, user=1)
    hub.hear(message(['{"type":"order.paid"}', True, 0], ['{"type":"sale.made"}', False, 0]))
    await settle()
    assert [event["type"] for event in guest.events] == ["sale.made"]
    assert [event["type"] for event in bob.events] == ["order.paid", "sale.made"]


async def test_what_staff_alone_hear_does_not_make_the_viewers_wait(hub):
    _, guest = sit(hub)
    hub.emit('{"type":"question.changed"}', staff_only=True)
    hub.emit('{"type":"chat.said"}')
    for _ in range(5):
        await asyncio.sleep(0)
    assert [event["type"] for event in guest.events] == ["chat.said"]


async def test_a_line_pushed_twice_is_heard_once(hub):
    _, ear = sit(hub)
    hub.hear(message([said(7), False, 7]))
    hub.hear(message([said(7), False, 7], [said(8), False, 8]))
    await settle(TICK * 2)
    assert ear.texts() == ["line 7", "line 8"]


async def test_who_joins_while_others_talk_misses_nothing(hub):
    ear = Ear()
    seat = Seat(ear.send)
    hub.enter(seat)
    hub.hear(message([said(1), False, 1]))
    await settle(TICK * 2)
    hub.hear(message([said(2), False, 2]))
    await settle()
    assert ear.frames == []
    hub.start(seat)
    hub.hear(message([said(3), False, 3]))
    await settle(TICK * 2)
    assert ear.texts() == ["line 1", "line 2", "line 3"]


async def test_history_is_answered_from_memory_while_it_reaches(hub):
    for id_ in range(1, 400):
        hub.hear(message([said(id_), False, id_]))
    assert hub.history.after(5) is None
    later = [json.loads(text)["id"] for text in hub.history.after(390)]
    assert later == list(range(386, 400))  # and a few that are known already
    assert len(hub.history.latest(50)) == 50


async def test_a_line_that_comes_late_takes_its_place(hub):
    hub.hear(message([said(3), False, 3]))
    hub.hear(message([said(2), False, 2]))
    assert [json.loads(text)["id"] for text in hub.history.latest(5)] == [2, 3]


async def test_a_line_taken_back_is_not_told_to_who_comes_later(hub):
    hub.hear(message([said(3), False, 3]))
    hub.hear(message(['{"type":"chat.hidden","id":3}', False, -3]))
    assert hub.history.latest(5) == []


async def test_what_was_committed_but_never_pushed_is_told(hub, rows):  # P10
    _, ear = sit(hub)
    hub.hear(message([said(1), False, 1]))
    rows.lines = [(id_, said(id_)) for id_ in (1, 2, 3)]
    await hub._heal()
    await settle(TICK * 2)
    assert ear.texts() == ["line 1", "line 2", "line 3"]


async def test_it_hears_the_channel_layer_and_only_its_own_room(hub):
    _, ear = sit(hub)
    broadcast._send(broadcast.room_group(4242), message(['{"type":"yes"}', False, 0]))
    broadcast._send(broadcast.room_group(4243), message(['{"type":"no"}', False, 0]))
    await settle(0.1)
    assert [event["type"] for event in ear.events] == ["yes"]


async def test_a_dead_layer_is_left_alone_and_this_process_still_hears(hub, monkeypatch):  # P13
    _, ear = sit(hub)

    class Dead:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            await asyncio.sleep(3600)

    monkeypatch.setattr(broadcast, "PATIENCE", 0.05)
    monkeypatch.setattr(broadcast, "_resting_until", 0.0)
    monkeypatch.setattr(broadcast, "get_channel_layer", Dead)
    began = asyncio.get_running_loop().time()
    for number in range(20):
        event = json.dumps({"type": "x", "number": number})
        broadcast._send(broadcast.room_group(4242), message([event, False, 0]))
    assert asyncio.get_running_loop().time() - began < 0.05  # nobody waits for it
    for _ in range(40):  # a machine may have much else to do
        if len(ear.events) < 20:
            await settle(0.05)
    assert [event["number"] for event in ear.events if event["type"] == "x"] == list(range(20))


async def test_who_falls_behind_is_paused_then_told_what_he_missed(hub):  # P22
    seat, slow = sit(hub)
    _, quick = sit(hub)
    slow.reads.clear()
    big = json.dumps({"type": "big", "text": "x" * (HIGH_WATER + 1)})
    hub.emit(big)
    await settle(TICK * 2)
    hub._watch()
    assert not seat.flowing
    for number in range(3):
        hub.emit(json.dumps({"type": "n", "number": number}))
        await settle(TICK * 2)
    assert [event["number"] for event in quick.events if event["type"] == "n"] == [0, 1, 2]
    assert seat.wire.waiting() < HIGH_WATER * 2  # nothing more was heaped up for him
    slow.reads.set()
    await settle(0.1)
    hub._watch()
    await settle(0.1)
    assert [event["number"] for event in slow.events if event["type"] == "n"] == [0, 1, 2]


async def test_who_stays_behind_is_let_go_and_the_others_hear_on(hub, monkeypatch):  # P22
    monkeypatch.setattr(hub_module, "KEEP_UP", 0.05)
    seat, slow = sit(hub)
    _, quick = sit(hub)
    slow.reads.clear()
    hub.emit(json.dumps({"type": "big", "text": "x" * (HIGH_WATER + 1)}))
    await settle(TICK * 2)
    hub._watch()
    await settle(0.1)
    hub._watch()
    assert seat not in hub.seats
    hub.emit('{"type":"on"}')
    await settle(TICK * 2)
    assert quick.events[-1] == {"type": "on"}


async def test_without_the_watch_a_slow_viewer_would_heap_up(hub):
    """The negative control: the same viewer, nobody watching."""
    seat, slow = sit(hub)
    slow.reads.clear()
    for _ in range(4):
        hub.emit(json.dumps({"type": "big", "text": "x" * HIGH_WATER}))
        await settle(TICK * 2)
    assert seat.wire.waiting() > 3 * HIGH_WATER


async def test_a_removed_clerk_is_shown_out_and_others_stay(hub, rows):  # P15
    _, bob = sit(hub, staff=True, user=1)
    _, eve = sit(hub, staff=True, user=2)
    _, guest = sit(hub)
    await hub._check_staff()
    await settle()
    assert (bob.code, eve.code, guest.code) == (None, 4403, None)
    hub.hear({"type": "hub.dismiss", "user": 1})
    await settle()
    assert (bob.code, guest.code) == (4403, None)


async def test_nobody_stays_in_a_banned_room_but_staff(hub):
    _, bob = sit(hub, staff=True, user=1)
    _, guest = sit(hub)
    hub.hear({"type": "hub.dismiss", "user": None})
    await settle()
    assert (bob.code, guest.code) == (None, 4404)


async def test_likes_are_counted_here_and_elsewhere(hub, rows):
    _, ear = sit(hub)
    hub.likes.tap(5)
    hub.hear({"type": "hub.liked", "count": 3, "node": "another"})
    hub.hear({"type": "hub.liked", "count": 5, "node": NODE})  # its own echo
    hub._tell_count(hub.likes.fold())
    await settle(TICK * 2)
    assert ear.events[-1] == {"type": "likes.counted", "total": 8, "new": 8}
    await hub._save()
    assert rows.likes == 5  # the other process saves its own


def sold(name: str, buyer: int, product: str = "龙井") -> dict[str, Any]:
    return {"type": "hub.sold", "name": name, "product": product, "buyer": buyer}


async def test_a_thousand_purchases_are_one_event_every_five_seconds(hub, monkeypatch):
    _, ear = sit(hub)

    def told() -> list[dict[str, Any]]:
        return [event for event in ear.events if event["type"] == "sale.made"]

    hub.hear(sold("沈**", 1))
    await hub._pulse()
    await settle(TICK * 2)
    first = {"type": "sale.made", "name": "沈**", "product": "龙井", "buyers": 1, "products": 1}
    assert told() == [first]

    for buyer in range(1_000):
        hub.hear(sold("许**", buyer // 2, "祁红" if buyer % 3 else "龙井"))
    for _ in range(5):
        await hub._pulse()
    await settle(TICK * 2)
    assert told() == [first]

    monkeypatch.setattr(counts, "TICKER", 0.0)
    await hub._pulse()
    await hub._pulse()
    await settle(TICK * 8)
    second = {"type": "sale.made", "name": "许**", "product": "祁红", "buyers": 500, "products": 2}
    assert told() == [first, second]


async def test_viewers_of_other_processes_count_until_they_fall_silent(hub, monkeypatch):
    sit(hub)
    sit(hub, staff=True, user=1)
    hub.hear({"type": "hub.counted", "viewers": 10, "node": "another"})
    hub.viewers.fold()
    assert hub.viewers.total == 11
    monkeypatch.setattr(counts, "DEAF", -1.0)
    hub.viewers.fold()
    assert hub.viewers.total == 1


async def test_a_device_here_and_in_another_process_is_one_viewer(hub):
    a, b, c = (uuid.uuid4().hex for _ in range(3))
    for device in (a, b, b):
        sit(hub, device=device)
    marks = b"".join(lowest(mark_of(device) for device in (b, c)))
    hub.hear({"type": "hub.counted", "viewers": 3, "marks": marks, "node": "another"})
    hub.viewers.fold()
    assert hub.viewers.total == 4  # a, b, c and one there without a device


async def test_no_message_costs_a_count(hub, monkeypatch):
    _, ear = sit(hub, device=uuid.uuid4().hex)
    monkeypatch.setattr(counts, "together", None)
    monkeypatch.setattr(hub.viewers, "_crowd", None)
    hub.hear({"type": "hub.counted", "viewers": 3, "node": "another"})
    for number in range(1, 50):
        hub.hear(message([said(number), False, number]))
    await settle(TICK * 3)
    assert len(ear.events) == 49


async def test_while_nobody_is_heard_the_last_word_counts_and_then_the_rows(hub, rows, monkeypatch):
    sit(hub, device=uuid.uuid4().hex)
    hub.hear({"type": "hub.counted", "viewers": 10, "node": "another"})
    monkeypatch.setattr(broadcast, "unheard", lambda: 10.0)
    monkeypatch.setattr(counts, "DEAF", -1.0)  # and nothing new of it
    hub.viewers.fold()
    assert hub.viewers.total == 11
    rows.attending = 7
    await hub._attend()  # the others may not have written theirs
    hub.viewers.fold()
    assert hub.viewers.total == 11
    monkeypatch.setattr(broadcast, "unheard", lambda: 16.0)
    await hub._attend()
    hub.viewers.fold()
    assert hub.viewers.total == 7
    rows.attending = 0  # the show has not begun: no rows
    await hub._attend()
    hub.viewers.fold()
    assert hub.viewers.total == 1
    monkeypatch.setattr(broadcast, "unheard", lambda: 0.0)
    monkeypatch.setattr(counts, "DEAF", 6.0)
    hub.hear({"type": "hub.counted", "viewers": 4, "node": "another"})
    hub.viewers.fold()
    assert hub.viewers.total == 5


@pytest.mark.parametrize("in_rows", [None, 7])
async def test_when_the_layer_listens_again_the_number_does_not_collapse(hub, monkeypatch, in_rows):
    now = 100.0
    monkeypatch.setattr(hub.viewers, "_clock", lambda: now)
    sit(hub, device=uuid.uuid4().hex)
    hub.hear({"type": "hub.counted", "viewers": 6, "node": "another"})
    monkeypatch.setattr(broadcast, "unheard", lambda: 16.0)
    for later in (110.0, 120.0):  # longer than the last word of the others is good
        now = later
        if in_rows:
            hub.viewers.read(in_rows)
        hub.viewers.fold()
    monkeypatch.setattr(broadcast, "unheard", lambda: 0.0)
    now = 122.0
    hub.viewers.fold()
    assert hub.viewers.total == 7  # as before: the others have not had time to speak
    hub.hear({"type": "hub.counted", "viewers": 6, "node": "another"})
    now = 124.0
    hub.viewers.fold()
    assert hub.viewers.total == 7
    now = 131.0  # and who is silent still has gone
    hub.viewers.fold()
    assert hub.viewers.total == 1


async def test_counts_that_could_not_be_saved_are_kept(hub, rows, monkeypatch):
    async def full(*args: Any) -> None:
        raise OSError("disk full")

    hub.likes.tap(4)
    with monkeypatch.context() as trouble:
        trouble.setattr(rows, "count", full)
        with pytest.raises(OSError, match="disk full"):
            await hub._save()
    await hub._save()
    assert rows.likes == 4


async def test_a_hub_that_cannot_read_its_rows_leaves_nothing_behind(rows, settings, monkeypatch):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    broadcast.attach()

    async def away(*args: Any) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(rows, "opening", away)
    hub = Hub(4243, rows)
    before = asyncio.all_tasks()
    with pytest.raises(OSError, match="away"):
        await hub.open()
    await settle()
    assert not hub.usable
    assert broadcast.room_group(4243) not in broadcast._ears
    assert asyncio.all_tasks() <= before


async def test_who_never_reads_holds_only_so_much_back():
    ear = Ear()
    ear.reads.clear()
    wire = AwaitedWire(ear.send)
    for _ in range(20):
        wire.write(b"x" * (OUTBOX // 8), "{}")
        await asyncio.sleep(0)
    assert not wire.open
    assert wire.waiting() <= OUTBOX
    ear.reads.set()
    await settle()
    assert ear.code == hub_module.TOO_SLOW


@pytest.mark.django_db(transaction=True)  # its thread may hold another test's connection
async def test_a_database_that_was_away_does_not_end_the_watch_over_a_dashboard(monkeypatch):  # P15
    looks: list[bool] = []
    codes: list[int] = []

    def staff(self: Any) -> None:
        looks.append(True)
        if len(looks) == 1:
            raise OSError("the database is away")

    async def close(self: Any, code: int) -> None:
        codes.append(code)

    monkeypatch.setattr(dashboard, "CHECK", 0.01)
    monkeypatch.setattr(DashboardConsumer, "_look", staff)
    monkeypatch.setattr(DashboardConsumer, "close", close)
    await asyncio.wait_for(DashboardConsumer()._watch(), 5)
    assert (len(looks), codes) == (2, [door.FORBIDDEN])


async def test_the_bell_rings_in_the_language_of_the_page(monkeypatch):
    heard: list[dict[str, Any]] = []

    async def send(self: Any, text_data: str) -> None:
        heard.append(json.loads(text_data))

    monkeypatch.setattr(DashboardConsumer, "send", send)
    event = {"type": "notice.created", "subject": "新订单", "subjects": {"en": "New order"}}
    for language in ("en", "zh-hans"):
        page = DashboardConsumer()
        page.language = language
        await page.tell({"event": event})
    assert [one["subject"] for one in heard] == ["New order", "新订单"]
    assert all("subjects" not in one for one in heard)
