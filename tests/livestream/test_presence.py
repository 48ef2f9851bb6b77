"""Who watched, how long, and how many at once: each device once, each moment once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livestream.hub import counts, presence
from livestream.hub.presence import Presence
from livestream.models import Attendance, Minute
from livestream.rules.presence import MARKS, Crowd, Stay, credit, lowest, mark_of, together
from livestream.selectors.presence import watched
from livestream.services.like import fold
from livestream.services.presence import note_stays
from livestream.services.room import end_room
from tests.livestream.test_hub import Memory

NOON = datetime(2026, 3, 26, 12, tzinfo=UTC)
DEVICE = uuid.uuid4()


def second(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def stay(since: float, until: float, device: uuid.UUID = DEVICE) -> Stay:
    return Stay(device, second(since), second(until))


STAYS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), max_size=12)


@given(STAYS)
def test_no_moment_counts_twice(spans):
    """In the order in which they end, as processes save them: never more than was there."""
    seconds, last = 0, None
    there: set[int] = set()
    for since, length in sorted(spans, key=sum):
        seconds, last = credit(seconds, last, stay(since, since + length))
        there |= set(range(since, since + length))
        assert seconds <= len(there)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_one_stay_told_in_pieces_is_one_stay(lengths):
    seconds, last, at = 0, None, 0
    for length in lengths:
        seconds, last = credit(seconds, last, stay(at, at + length))
        at += length
    assert seconds == sum(lengths)


def test_two_tabs_in_two_processes_count_once():
    seconds, last = credit(0, None, stay(0, 10))
    seconds, last = credit(seconds, last, stay(0, 10))
    seconds, last = credit(seconds, last, stay(5, 15))
    assert (seconds, last) == (15, second(15))


def crowd(devices: range, unnamed: int = 0) -> Crowd:
    return Crowd(len(devices) + unnamed, lowest(mark_of(f"device {one}") for one in devices))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 3)), max_size=5))
def test_a_device_in_several_processes_is_one_viewer(told):
    crowds = [crowd(range(first, first + length), more) for first, length, more in told]
    devices = {one for first, length, _ in told for one in range(first, first + length)}
    assert together(crowds) == len(devices) + sum(more for _, _, more in told)


@pytest.mark.parametrize("shared", [0, 300, 5_000])
def test_of_a_large_crowd_the_marks_that_are_told_are_enough(shared):
    one, two = crowd(range(5_000)), crowd(range(5_000 - shared, 10_000 - shared))
    assert len(one.marks) == len(two.marks) == MARKS
    real = 10_000 - shared
    assert abs(together([one, two]) - real) <= (0.02 * real if 0 < shared < 5_000 else 0)


def test_a_small_crowd_beside_a_large_one():
    assert abs(together([crowd(range(8_000)), crowd(range(7_990, 8_200))]) - 8_200) < 160


def test_who_tells_no_marks_adds_up():
    assert together([crowd(range(10)), Crowd(7), Crowd(3)]) == 20


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_device_with_three_tabs_is_one_viewer(clock):
    here = Presence(clock)
    for device in (DEVICE.hex, DEVICE.hex, DEVICE.hex, uuid.uuid4().hex, None):
        here.enter(device)
    assert here.here == 3
    here.leave(DEVICE.hex)
    here.leave(DEVICE.hex)
    assert here.here == 3
    here.leave(DEVICE.hex)
    here.leave(None)
    assert here.here == 1


def test_fractions_of_a_second_are_not_lost(clock):
    here = Presence(clock)
    here.enter(DEVICE.hex)
    seconds, last = 0, None
    for _ in range(40):
        clock.now += timedelta(seconds=2.7)
        for one in here.take():
            seconds, last = credit(seconds, last, one)
    assert seconds == int(40 * 2.7)


def test_who_comes_and_goes_between_two_saves_was_there(clock):
    here = Presence(clock)
    here.enter(DEVICE.hex)
    clock.now += timedelta(seconds=3)
    here.leave(DEVICE.hex)
    assert here.take() == [stay(0, 3)]
    assert here.take() == []


async def test_what_cannot_be_saved_is_saved_the_next_time(clock):
    class Broken(Memory):
        async def attend(self, room_id, stays, viewers):
            raise ConnectionError

    here = Presence(clock)
    here.enter(DEVICE.hex)
    clock.now += timedelta(seconds=3)
    with pytest.raises(ConnectionError):
        await presence.save(Broken(), 1, here, 1)
    rows = Memory()
    await presence.save(rows, 1, here, 1)
    assert rows.stays[0] == stay(0, 3)


def test_entries_of_a_draw_are_told_once_for_many():
    entered = counts.Entered()
    for number in (1, 5, 3):
        entered.hear("d", number)
    assert entered.fold() == [{"type": "draw.entered", "id": "d", "entries": 5}]
    assert entered.fold() == []
    entered.hear("d", 4)  # overtaken by newer news
    assert entered.fold() == []


# --- rows -----------------------------------------------------------------------------------------


def saved(room, *stays: Stay, viewers: int = 1) -> None:
    note_stays(room_id=room.pk, stays=stays, viewers=viewers)


@pytest.fixture
def began(live):
    """The show began an hour ago."""
    live.started_at = timezone.now() - timedelta(hours=1)
    live.save(update_fields=["started_at"])
    return live


def ago(first: int, last: int, device: uuid.UUID = DEVICE) -> Stay:
    now = timezone.now()
    return Stay(device, now - timedelta(seconds=first), now - timedelta(seconds=last))


def test_a_device_has_one_row_and_its_time_adds_up(began):
    saved(began, ago(100, 60))
    saved(began, ago(60, 30), ago(60, 30, uuid.uuid4()))
    assert Attendance.objects.count() == 2
    assert watched(began, DEVICE) in {69, 70}


def test_what_was_before_the_show_or_after_it_does_not_count(scheduled, live):
    saved(live, ago(500, 400))
    assert not Attendance.objects.exists()
    end_room(room=live)
    later = timezone.now() + timedelta(seconds=60)
    saved(live, Stay(DEVICE, timezone.now(), later))
    assert watched(live, DEVICE) == 0


def test_a_room_that_is_not_on_is_not_attended(scheduled):
    saved(scheduled, ago(30, 0))
    fold(room_id=scheduled.pk, likes=5, peak=1)
    assert not Attendance.objects.exists()
    assert not Minute.objects.exists()


def test_the_minute_keeps_the_most_who_came_new_and_the_hearts(began, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # within one minute
    saved(began, ago(10, 0), viewers=7)
    saved(began, ago(5, 0), ago(5, 0, uuid.uuid4()), viewers=3)
    fold(room_id=began.pk, likes=40, peak=7)
    fold(room_id=began.pk, likes=2, peak=7)
    minute = Minute.objects.get()
    assert (minute.viewers, minute.arrived, minute.likes) == (7, 2, 42)


def test_two_thousand_viewers_are_a_handful_of_statements(began, django_assert_max_num_queries):
    stays = [ago(15, 0, uuid.uuid4()) for _ in range(500)]
    with django_assert_max_num_queries(14):
        saved(began, *stays, viewers=500)
    with django_assert_max_num_queries(14):
        saved(began, *[Stay(s.device, s.until, s.until) for s in stays], viewers=500)
    assert Attendance.objects.count() == 500
