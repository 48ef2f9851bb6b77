"""How long a room gathers: quiet and small rooms hear soon, large ones share frames."""

from hypothesis import given
from hypothesis import strategies as st

from livestream.rules.pace import BUSY, CROWD, ENOUGH, LONGEST, TICK, gathers


def test_a_small_room_hears_within_a_tick():
    assert gathers(0, 0) == TICK
    assert gathers(20, 1) < TICK * 1.1


def test_a_large_room_that_says_little_shares_frames_and_a_busy_one_does_not_wait_so_long():
    assert gathers(CROWD, 1) == LONGEST
    assert gathers(CROWD, ENOUGH) == BUSY


@given(st.integers(0, 100_000), st.integers(0, 1_000))
def test_nobody_waits_longer_than_the_longest_and_more_viewers_never_shorten_it(viewers, waiting):
    now = gathers(viewers, waiting)
    assert TICK <= now <= LONGEST
    assert gathers(viewers + 1, waiting) >= now
    assert gathers(viewers, waiting + 1) <= now
