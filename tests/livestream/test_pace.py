"""How long a room gathers: quiet and small rooms hear soon, large ones share frames."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from livestream.rules.pace import BUSY, CROWD, ENOUGH, LONGEST, TICK, beats, gathers, until_beat


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


@given(st.floats(TICK, LONGEST), st.floats(1.7e9, 2e9))
def test_who_has_just_written_does_not_write_again_and_nobody_waits_much_longer(seconds, now):
    apart, wait = beats(seconds), until_beat(seconds, now)
    assert seconds <= apart
    assert apart / 4 < wait <= apart * 1.25


@given(st.integers(0, 3_000), st.floats(1.7e9, 2e9), st.floats(0, 0.4))
def test_two_processes_write_on_the_same_beats(viewers, now, later):
    """Whenever each of them is ready; if they know of as many viewers, or both of a whole crowd."""
    seconds = gathers(viewers, 0)
    one, other = now + until_beat(seconds, now), now + later + until_beat(seconds, now + later)
    between = (other - one) / beats(seconds)
    assert abs(between - round(between)) < 1e-4
    assert beats(gathers(CROWD + viewers, 0)) == beats(gathers(CROWD, 0))


def test_few_viewers_more_seldom_change_the_beats():
    of = [beats(gathers(viewers, 0)) for viewers in range(CROWD)]
    assert sum(one != other for one, other in pairwise(of)) < 5
