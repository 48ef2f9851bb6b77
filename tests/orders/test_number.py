"""An order's number: read out, written down, and found again."""

from __future__ import annotations

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from merchants.rules.address import ALPHABET
from orders.rules.number import as_kept, spoken

NUMBERS = st.text(ALPHABET, min_size=16, max_size=16)


def test_nothing_in_it_is_taken_for_something_else():
    assert set("ilou") & set(ALPHABET) == set()


@given(NUMBERS)
def test_what_is_read_out_is_the_beginning_of_it(number):
    said = spoken(number)
    assert len(said) == 9
    assert as_kept(said) == number[:8]
    assert as_kept(spoken(number, 16)) == number


@pytest.mark.parametrize(
    "typed",
    [
        "0A1B 2C3D",
        "0a1b2c3d",
        "0a1b-2c3d",
        "#0A1B2C3D",
        "０Ａ１Ｂ　２Ｃ３Ｄ",
        "OAlB 2C3D",
        "0A1B—2C3D",
    ],
)
def test_it_is_the_same_however_it_is_typed(typed):
    assert as_kept(typed) == "0a1b2c3d"


@pytest.mark.parametrize("typed", ["", " ", "沈梅", "0a1b?", "\x00", "+86138", "ü"])
def test_what_cannot_be_a_number_is_none(typed):
    assert as_kept(typed) == ""


def ways(number: str) -> list[str]:
    said = spoken(number)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isdecimal() else sign for sign in said)
    return [said, said.replace(" ", "-"), said.replace(" ", ""), wide, said.replace("0", "O")]


def test_staff_find_it_however_it_was_heard(as_bob, paid, shop):
    listed = reverse("orders:order_list", args=[shop.slug])
    for typed in ways(paid.number):
        page = as_bob.get(listed, {"tab": "all", "q": typed}).text
        assert f'id="order-{paid.number}"' in page, typed
    assert (
        f'id="order-{paid.number}"' not in as_bob.get(listed, {"tab": "all", "q": "zzzz 0000"}).text
    )


def test_both_sides_see_the_same_groups(client, as_bob, paid, shop):
    said = spoken(paid.number)
    assert said in client.get(reverse("track:order", args=[paid.number])).text
    detail = reverse("orders:order_detail", args=[shop.slug, paid.number])
    assert said in as_bob.get(detail).text


def test_a_name_of_few_letters_is_no_number(as_bob, paid, shop):
    """`Li` read as `11` would bring every order whose number begins so."""
    type(paid).objects.filter(pk=paid.pk).update(number="11" + paid.number[2:])
    listed = reverse("orders:order_list", args=[shop.slug])
    assert paid.number[2:] not in as_bob.get(listed, {"tab": "all", "q": "li"}).text
