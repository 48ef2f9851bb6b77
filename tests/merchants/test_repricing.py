"""Prices of many goods changed at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.rules.repricing import MOST, Repricing, Way


@pytest.mark.parametrize(
    ("way", "value", "price", "then"),
    [
        (Way.PERCENT, -10, 6800, 6100),  # whole yuan stay whole
        (Way.PERCENT, -10, 6850, 6165),
        (Way.PERCENT, 5, 1990, 2090),
        (Way.PERCENT, -50, 100, 100),  # and never become nothing by rounding
        (Way.AMOUNT, -500, 6800, 6300),
        (Way.AMOUNT, -500, 500, None),
        (Way.FIXED, 990, 6800, 990),
        (Way.PERCENT, 1000, MOST, None),
    ],
)
def test_a_price_becomes_another(way, value, price, then):
    assert Repricing(way, value).of(price) == then


def test_the_old_price_stands_beside_a_lower_one():
    cheaper = Repricing(Way.PERCENT, -10, keep_was=True)
    assert cheaper.before(6800, None) == 6800
    assert cheaper.before(6800, 8800) == 8800
    assert Repricing(Way.PERCENT, -10).before(6800, None) is None
    assert Repricing(Way.PERCENT, 50, keep_was=True).before(6800, 8800) is None


@given(
    st.sampled_from(Way), st.integers(-99, 1000), st.integers(1, MOST), st.booleans(),
    st.none() | st.integers(1, MOST),
)  # fmt: skip
def test_no_price_is_nothing_and_no_former_price_is_lower(way, value, price, keep, former):
    change = Repricing(way, value, keep)
    fresh = change.of(price)
    assert fresh is None or 0 < fresh <= MOST
    was = change.before(price, former)
    assert fresh is None or was is None or was > fresh
