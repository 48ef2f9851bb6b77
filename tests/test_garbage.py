"""What a long look found alive is not looked at again for an hour, and then it is."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from config.garbage import HOUR, LONG, Sparing


class Ring:
    def __init__(self) -> None:
        self.itself = self


class Clock:
    """Each look takes `takes` seconds."""

    def __init__(self) -> None:
        self.now, self.takes = 1_000.0, 0.0

    def __call__(self) -> float:
        self.now += self.takes
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    sparing = Sparing(clock)
    sparing.begin()
    yield clock
    gc.callbacks.remove(sparing)
    gc.unfreeze()


def kept_and_closed() -> weakref.ref[Ring]:
    """Something that was alive during a whole look, and is gone now but for its ring."""
    stays = Ring()
    gc.collect()
    return weakref.ref(stays)


def test_what_a_long_look_found_alive_is_spared_for_an_hour(clock):
    clock.takes = 2 * LONG
    gone = kept_and_closed()
    gc.collect()
    assert gone() is not None
    clock.now += HOUR
    gc.collect()  # from here on everything again
    gc.collect()
    assert gone() is None


def test_what_came_since_is_looked_at_as_ever(clock):
    clock.takes = 2 * LONG
    gc.collect()
    fresh = weakref.ref(Ring())
    gc.collect()
    assert fresh() is None


def test_after_a_short_look_nothing_is_spared(clock):
    """Each request is a ring: a server that answers many would keep those under way each time."""
    gone = kept_and_closed()
    gc.collect()
    assert gone() is None
