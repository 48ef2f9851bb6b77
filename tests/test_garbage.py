"""What a server has found alive is not looked at again for an hour, and then it is."""

from __future__ import annotations

import gc
import weakref

import pytest

from config.garbage import HOUR, Sparing


class Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def clock():
    now = [1_000.0]
    sparing = Sparing(lambda: now[0])
    sparing.begin()
    yield now
    gc.callbacks.remove(sparing)
    gc.unfreeze()


def test_what_stayed_is_spared_for_an_hour(clock):
    stays = Ring()
    gc.collect()  # found alive
    ring, gone = Ring(), weakref.ref(stays)
    fresh = weakref.ref(ring)
    del stays, ring
    gc.collect()
    assert fresh() is None  # what came since is looked at as ever
    assert gone() is not None
    clock[0] += HOUR
    gc.collect()  # from here on everything again
    gc.collect()
    assert gone() is None


def test_what_closes_without_a_ring_is_freed_at_once(clock):
    class Socket:
        pass

    socket = Socket()
    gc.collect()
    gone = weakref.ref(socket)
    del socket
    assert gone() is None
