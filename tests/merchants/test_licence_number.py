"""Numbers of licences and trademarks: what is right, and which slip is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.rules.verification import (
    Claim,
    NumberTrouble,
    check_sign,
    lacking,
    licence_trouble,
    plain_number,
    trademark_trouble,
)
from tests.merchants.papers import CODE


@pytest.mark.parametrize(
    "code", [CODE, "914403001922038216", "91110000802100433B", "91330100799655058B"]
)
def test_it_knows_a_credit_code_and_every_single_slip_in_it(code):
    assert licence_trouble(code) is None
    for at, sign in enumerate(code):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if other != sign:
                assert licence_trouble(code[:at] + other + code[at + 1 :]) is NumberTrouble.CHECK


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_two_neighbours_that_changed_places_are_seen(body):
    code = body + check_sign(body)
    assert licence_trouble(code) is None
    for at in range(16):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert (licence_trouble(swapped) is None) == (swapped == code)


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        ("330100000012345", None),  # 15 digits, before 2015
        ("HRB-86891", None),
        ("12345678", None),
        ("9144030071526726X", NumberTrouble.LENGTH),  # one sign short of a credit code
        ("9144030071526726XG1", NumberTrouble.LENGTH),
        ("9I44030071526726XG", NumberTrouble.SIGNS),  # no letter I in a credit code
        ("12345", NumberTrouble.LENGTH),
        ("1" * 31, NumberTrouble.LENGTH),
        ("HRB 86891", NumberTrouble.SIGNS),
        ("号码123456", NumberTrouble.SIGNS),
        ("", NumberTrouble.SIGNS),
    ],
)
def test_it_takes_older_and_foreign_numbers_and_no_slips(number, trouble):
    assert licence_trouble(number) is trouble


def test_numbers_are_kept_plain():
    assert plain_number(" ９１４４ 0300-71526726xg ") == "91440300-71526726XG"
    assert [trademark_trouble(n) for n in ("2107881", "21078812")] == [None, None]
    assert trademark_trouble("210788") is NumberTrouble.LENGTH
    assert trademark_trouble("21O7881") is trademark_trouble("²107881") is NumberTrouble.SIGNS


def test_an_authorised_seller_needs_no_trademark_number():
    words = {"company": "a", "licence_number": "b", "brand": "c"}
    assert lacking(Claim.AUTHORISED, words, ["licence", "authorisation"]) == []
    assert lacking(Claim.OWN, words, ["licence"]) == ["trademark_number", "trademark"]
