"""The life of an order line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orders.rules.line import MOVES, PARTLY_SHIPPED, LineState, may_move, order_state

states = st.sampled_from(list(LineState))


def test_every_state_is_on_the_map():
    assert set(MOVES) == set(LineState)


@given(states, states)
def test_only_moves_on_the_map_are_allowed(old, new):
    assert may_move(old, new) == (new in MOVES[old])


def test_final_states_are_final():
    for state in (LineState.COMPLETED, LineState.CANCELLED, LineState.EXPIRED):
        assert not MOVES[state]


@given(states)
def test_lines_alike_are_what_the_order_is(state):
    assert order_state([state, state]) == state


def test_an_order_is_partly_shipped_while_a_line_waits():
    assert order_state([LineState.PAID, LineState.SHIPPED]) == PARTLY_SHIPPED


def test_ended_lines_count_only_if_there_is_nothing_else():
    assert order_state([LineState.CANCELLED, LineState.PAID]) == LineState.PAID
    assert order_state([LineState.CANCELLED, LineState.EXPIRED]) == LineState.CANCELLED


@given(st.lists(states, min_size=1, max_size=6))
def test_an_order_shows_what_it_still_waits_for(lines):
    shown = order_state(lines)
    assert shown in {*lines, PARTLY_SHIPPED}
