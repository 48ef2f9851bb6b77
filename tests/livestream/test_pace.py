"""How long a room gathers: quiet and small rooms hear soon, large ones share frames."""

from hypothesis import given
from hypothesis import strategies as st

from livestream.rules.pace import BUSY, CROWD, ENOUGH, LONGEST, TICK, gathers, until_beat


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
    wait = until_beat(seconds, now)
    assert seconds / 4 <= wait + 1e-6
    assert wait <= (seconds + 0.01) * 1.25 + 1e-6


@given(st.integers(0, 3_000), st.floats(1.7e9, 2e9), st.floats(0, 0.01))
def test_two_processes_write_at_one_moment(viewers, now, later):
    """Also if one has not heard yet of the viewer who has just come, and is a little later."""
    one = now + until_beat(gathers(viewers, 0), now)
    other = now + later + until_beat(gathers(viewers, 0), now + later)
    beat = round(other - one, 3) % (round(gathers(viewers, 0) + 0.005, 2))
    assert min(beat, abs(beat - round(gathers(viewers, 0) + 0.005, 2))) < 0.002
