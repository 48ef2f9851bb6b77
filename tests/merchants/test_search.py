"""What people and programs type where a row is named."""

from __future__ import annotations

import pytest

from merchants.rules.search import key_of


@pytest.mark.parametrize(
    ("text", "key"),
    [("7", 7), ("9" * 18, 10**18 - 1), ("9" * 19, 0), ("9" * 5000, 0), ("", 0)]
    + [(text, 0) for text in ("-1", " 7", "7.0", "٧", "７", "²", "7\x00", "x")],
)
def test_a_key_is_a_number_that_every_database_can_hold(text, key):
    assert key_of(text) == key
