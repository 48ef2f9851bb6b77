"""The clock of the shop with no Redis: real threads, real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from config.clock import Clock, scheduled


@contextmanager
def running(**duties) -> Iterator[Clock]:
    clock = Clock(duties)
    clock.start()
    try:
        yield clock
    finally:
        clock.stop(2)


def until(true, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_each_duty_is_called_in_its_own_rhythm():
    often, seldom = [], []
    with running(often=(lambda: often.append(1), 0.05), seldom=(lambda: seldom.append(1), 0.5)):
        until(lambda: len(seldom) >= 4)
    assert 4 <= len(often) / len(seldom) <= 14  # about 10, on a machine that may be busy


def test_a_duty_that_hangs_is_not_called_again_and_holds_up_no_other():
    hung, others, end = [], [], threading.Event()

    def hang():
        hung.append(1)
        end.wait(10)

    with running(hangs=(hang, 0.02), other=(lambda: others.append(1), 0.02)):
        until(lambda: len(others) >= 20)
        assert len(hung) == 1
        end.set()


def test_a_duty_that_fails_is_called_again_and_leaves_word(caplog):
    calls = []

    def fail():
        calls.append(1)
        raise ValueError("a bad row")

    with running(sweep_rooms=(fail, 0.02)):
        until(lambda: len(calls) >= 3)
    assert "sweep_rooms failed" in caplog.text
    assert "a bad row" in caplog.text


def test_stopping_waits_for_what_runs_and_starts_nothing_more():
    begun, done = threading.Event(), []

    def slow():
        begun.set()
        time.sleep(0.3)
        done.append(1)

    with running(slow=(slow, 0.01)) as clock:
        assert begun.wait(5)
        clock.stop(5)
        assert done
        count = len(done)
        time.sleep(0.4)
        assert len(done) == count


def test_stopping_does_not_wait_for_ever():
    begun, end = threading.Event(), threading.Event()

    def hang():
        begun.set()
        end.wait(20)

    clock = Clock({"hangs": (hang, 1)})
    clock.start()
    assert begun.wait(5)
    began = time.monotonic()
    clock.stop(0.2)
    assert time.monotonic() - began < 2
    end.set()


def test_the_shop_with_no_redis_has_every_duty_of_the_shop_with_one():
    duties = scheduled()._duties
    assert {name: (duty.call.name, duty.seconds) for name, duty in duties.items()} == {
        name: (entry["task"], entry["schedule"])
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
    }
