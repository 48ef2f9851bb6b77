"""What a refund may become, and what its pieces are worth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.rules.ledger import Account, money_back, sale, surplus
from orders.rules.refund import LONGEST_WAIT, MOVES, OPEN, RefundState, may_move, next_try, worth

amounts = st.integers(0, 10**9)


@given(
    paid=amounts,
    quantity=st.integers(1, 12),
    acts=st.lists(st.tuples(st.booleans(), st.integers(0, 11)), max_size=40),
)
def test_asked_withdrawn_and_asked_again_it_comes_to_exactly_what_was_paid(paid, quantity, acts):
    alive: list[int] = []  # what each piece came to
    for ask, which in [*acts, *[(True, 0)] * quantity]:
        if ask and len(alive) < quantity:
            alive.append(worth(paid, quantity, len(alive) + 1, sum(alive)))
        elif not ask and alive:
            alive.pop(which % len(alive))
        assert min(alive, default=0) >= 0
        assert sum(alive) <= paid
    assert sum(alive) == paid


@given(paid=amounts, quantity=st.integers(1, 99))
def test_no_piece_is_worth_a_cent_more_than_its_share(paid, quantity):
    given_ = 0
    for asked in range(1, quantity + 1):
        one = worth(paid, quantity, asked, given_)
        assert abs(one - paid / quantity) < 1
        given_ += one


def test_what_is_final_goes_nowhere_and_everything_else_ends():
    assert {state for state in RefundState if state not in OPEN} == {
        RefundState.REFUNDED,
        RefundState.REFUSED,
        RefundState.WITHDRAWN,
    }
    for state in OPEN:
        reached, before = {state}, set()
        while reached != before:
            before, reached = reached, reached.union(*(MOVES[one] for one in reached))
        assert reached - OPEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (RefundState.REQUESTED, RefundState.REFUNDED),
        (RefundState.REFUSED, RefundState.APPROVED),
        (RefundState.RETURNED, RefundState.WITHDRAWN),
        (RefundState.REFUNDED, RefundState.REFUNDED),
    ],
)
def test_no_money_without_consent_and_no_way_back(old, new):
    assert not may_move(old, new)


def test_the_gateway_is_asked_ever_more_seldom_but_for_ever():
    waits = [next_try(tries) for tries in range(1, 40)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


@given(goods=st.integers(1, 10**9), shipping=st.integers(0, 10**5), owed=st.booleans())
def test_every_movement_sums_to_zero(goods, shipping, owed):
    for posting in (sale(goods + shipping, shipping), surplus(goods), money_back(goods, owed=owed)):
        assert sum(posting.values()) == 0
        assert 0 not in posting.values()
        assert Account.GATEWAY in posting
