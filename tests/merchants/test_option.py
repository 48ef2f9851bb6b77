"""Options make variants; two people edit one product; numbers that are none."""

from __future__ import annotations

import html
import re
from itertools import permutations

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Product
from merchants.rules.option import (
    OptionTrouble,
    combinations,
    name_of,
    places,
    split_values,
    trouble_of,
)
from merchants.rules.product import parse_weight, plain_weight
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from tests.merchants.typed import at, of, row, typed


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice):
    for client in (as_bob, as_alice):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


# --- rules ------------------------------------------------------------------------------------
def test_values_are_split_at_every_comma_and_stand_once():
    assert split_values(" red,blue，绿、 紫 ; RED;  dark  red ") == [
        "red",
        "blue",
        "绿",
        "紫",
        "dark red",
    ]


def test_it_combines_in_order():
    made = combinations([("颜色", ["红", "蓝"]), ("尺码", ["S", "L"])])
    assert [name_of(one) for one in made] == ["红 / S", "红 / L", "蓝 / S", "蓝 / L"]
    assert combinations([]) == []


@pytest.mark.parametrize(
    ("options", "trouble"),
    [
        ([("a", ["1"] * 20), ("b", ["1"] * 5)], None),
        ([("a", ["1"] * 20), ("b", ["1"] * 6)], OptionTrouble.MANY_VARIANTS),
        ([("a", ["1"] * 21)], OptionTrouble.MANY_VALUES),
        ([("a", [])], OptionTrouble.NO_VALUES),
        ([("", ["1"])], OptionTrouble.NO_NAME),
        ([("A", ["1"]), ("a", ["2"])], OptionTrouble.TWICE),
        ([("a", ["x" * 41])], OptionTrouble.LONG),
        ([("a", ["x" * 20]), ("b", ["x" * 20])], OptionTrouble.LONG),
        ([("a", ["S / M"])], OptionTrouble.JOINT),
        ([], None),
    ],
)
def test_it_says_what_is_too_much(options, trouble):
    assert trouble_of(options) is trouble


# One draw for a list: values drawn one by one, and again while they repeat, are slow to make.
names = st.sampled_from([list(one) for most in range(1, 5) for one in permutations("abcdef", most)])


@given(st.lists(names, min_size=1, max_size=3), st.lists(names, min_size=1, max_size=3))
def test_whatever_changes_no_variant_becomes_two_and_no_two_become_one(before, after):
    old = [(str(at), values) for at, values in enumerate(before)]
    new = [(str(at), values) for at, values in enumerate(after)]
    rows = [(name_of(one), one) for one in combinations(old)]
    found = [one for one in places(old, new, rows) if one is not None]
    assert len(found) == len(set(found))
    assert set(found) <= set(combinations(new))
    kept = set(combinations(new)) & {values for _name, values in rows}
    assert kept <= set(found), "what is still there stays itself"


def test_a_new_option_goes_to_the_first_value_and_a_renamed_one_keeps_its_own():
    old = [("颜色", ["红", "蓝"])]
    rows = [("红", ("红",)), ("蓝", ("蓝",))]
    size = ("尺码", ["S", "L"])
    assert places(old, [*old, size], rows) == [("红", "S"), ("蓝", "S")]
    assert places(old, [("色", ["红", "绿"])], rows) == [("红",), None]
    both = [*old, size]
    four = [(name_of(one), one) for one in combinations(both)]
    assert places(both, old, four) == [("红",), None, ("蓝",), None]


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("250", 250),
        ("250g", 250),
        ("1.5kg", 1500),
        ("１．５ KG", 1500),
        ("2斤", 1000),
        ("1 公斤", 1000),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("9999kg", None),
        ("heavy", None),
        ("", None),
    ],
)
def test_a_weight_is_read_as_it_is_said(text, grams):
    assert parse_weight(text) == grams


@given(st.integers(1, 1_000_000))
def test_a_weight_comes_back_as_it_was(grams):
    assert parse_weight(plain_weight(grams)) == grams


# --- the page ---------------------------------------------------------------------------------
COLOURS = {"option_0_name": "颜色", "option_0_values": "红, 蓝"}
SIZES = {"option_1_name": "尺码", "option_1_values": "S、L"}


def shown(page: str) -> dict[str, str]:
    """What the form of a page would send back."""
    form = re.search(r'<form class="stack" id="product".*?</form>', page, re.S)[0]
    form = re.sub(r"<template.*?</template>", "", form, flags=re.S)
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        words = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if words.get("type") in {"checkbox", "radio"} and not re.search(r"\schecked", tag):
            continue
        if "name" in words and words.get("type") != "file":
            bare = "on" if words.get("type") == "checkbox" else ""
            found[words["name"]] = html.unescape(words.get("value", bare))
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = html.unescape(text).strip()
    found["state"] = re.search(r'<option value="(\w+)" selected', form)[1]
    return found


@pytest.fixture
def shirt(as_bob, shop) -> Product:
    answer = as_bob.post(at("product_new"), typed(row(sku="", price="99"), **COLOURS, **SIZES))
    assert answer.status_code == 302
    return Product.objects.get()


def named(product: Product) -> list[str]:
    return [one.name for one in product.variants.all()]


def test_options_make_the_variants_at_once(shirt):
    assert shirt.options == [["颜色", ["红", "蓝"]], ["尺码", ["S", "L"]]]
    assert named(shirt) == ["红 / S", "红 / L", "蓝 / S", "蓝 / L"]
    assert {(one.price, tuple(one.options)) for one in shirt.variants.all()} == {
        (9900, tuple(one)) for one in combinations(shirt.options)
    }
    assert len({one.sku for one in shirt.variants.all()}) == 4


def test_options_before_the_price_leave_the_threshold_as_it_was(as_bob, shop):
    words = typed(row(sku="", price="", low_stock="7"), **COLOURS, act="build")
    table = shown(as_bob.post(at("product_new"), words).text)
    assert {table[f"variants-{at}-low_stock"] for at in range(2)} == {"7"}


def test_a_value_more_keeps_what_is_there(as_bob, shirt, store):
    before = {one.name: (one.pk, one.sku) for one in shirt.variants.all()}
    url = at("product_edit", shirt.public_id)
    change_stock(
        variant=shirt.variants.first(), store=store, delta=4, reason=Reason.RECEIVED, by=None
    )
    data = shown(as_bob.get(url).text) | {"option_1_values": "S, M, L", "variants-0-price": "88"}
    table = as_bob.post(url, data | {"act": "build"})
    assert table.status_code == 200
    assert "2 new specifications" in table.text
    assert as_bob.post(url, shown(table.text)).status_code == 302
    shirt.refresh_from_db()
    assert named(shirt) == ["红 / S", "红 / M", "红 / L", "蓝 / S", "蓝 / M", "蓝 / L"]
    after = {one.name: (one.pk, one.sku) for one in shirt.variants.all()}
    assert before.items() <= after.items()
    assert shirt.variants.get(name="红 / S").price == 8800
    assert shirt.variants.get(name="红 / S").stock.get().on_hand == 4


def test_a_value_less_says_what_goes_and_goes_only_then(as_bob, shirt):
    url = at("product_edit", shirt.public_id)
    data = shown(as_bob.get(url).text) | {"option_0_values": "红"}
    answer = as_bob.post(url, data)
    assert answer.status_code == 422
    assert "Saving takes these out" in answer.text
    assert "蓝 / S · 蓝 / L" in answer.text
    assert len(named(shirt)) == 4
    assert as_bob.post(url, shown(answer.text)).status_code == 302
    assert named(shirt) == ["红 / S", "红 / L"]


def test_what_still_lies_somewhere_stays(as_bob, shirt, store):
    last = shirt.variants.last()
    change_stock(variant=last, store=store, delta=1, reason=Reason.RECEIVED, by=None)
    url = at("product_edit", shirt.public_id)
    answer = as_bob.post(url, shown(as_bob.get(url).text) | {"option_0_values": "红"})
    answer = as_bob.post(url, shown(answer.text))
    assert answer.status_code == 422
    assert "There are still pieces of “蓝 / L”." in answer.text
    shirt.refresh_from_db()
    assert len(named(shirt)) == 4
    assert shirt.options[0][1] == ["红", "蓝"]


def test_a_combination_that_does_not_exist_stays_left_out(as_bob, shirt):
    url = at("product_edit", shirt.public_id)
    as_bob.post(url, shown(as_bob.get(url).text) | {"variants-3-gone": "on"})
    assert named(shirt) == ["红 / S", "红 / L", "蓝 / S"]
    assert as_bob.post(url, shown(as_bob.get(url).text)).status_code == 302
    assert len(named(shirt)) == 3


def test_a_plain_product_stays_plain(as_bob, longjing):
    url = at("product_edit", longjing.public_id)
    assert as_bob.post(url, shown(as_bob.get(url).text) | {"name": "新名字"}).status_code == 302
    longjing.refresh_from_db()
    assert (longjing.name, longjing.options, named(longjing)) == ("新名字", [], [""])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"option_0_name": "颜色"}, "Write what there is to choose"),
        ({"option_0_values": "红"}, "Write what is chosen"),
        (COLOURS | {"option_1_name": "颜色", "option_1_values": "S"}, "This stands twice"),
        ({"option_0_name": "n", "option_0_values": ",".join(map(str, range(21)))}, "At most 20"),
        (
            {
                "option_0_name": "n",
                "option_0_values": ",".join(map(str, range(20))),
                "option_1_name": "m",
                "option_1_values": "a,b,c,d,e,f",
            },
            "more than 100 specifications",
        ),
        ({"option_0_name": "n", "option_0_values": "x" * 41}, "longer than 40"),
    ],
)
def test_options_that_make_no_table_say_why_and_lose_nothing(as_bob, shop, words, says):
    answer = as_bob.post(at("product_new"), typed(row(sku="MINE-1"), **words))
    assert answer.status_code == 422
    assert says in answer.text
    for typed_word in (*words.values(), "MINE-1"):
        assert html.escape(typed_word) in answer.text
    assert not Product.objects.exists()


def test_two_variants_exchange_their_skus(as_bob, shirt):
    first, second = shirt.variants.all()[:2]
    url = at("product_edit", shirt.public_id)
    data = shown(as_bob.get(url).text)
    data |= {"variants-0-sku": second.sku, "variants-1-sku": first.sku}
    assert as_bob.post(url, data).status_code == 302
    assert [one.sku for one in shirt.variants.all()[:2]] == [second.sku, first.sku]


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("price", "１３８．５０", 13850),
        ("low_stock", "１２", 12),
        ("weight", "１．５kg", 1500),
        ("compare_at", "￥２００", 20000),
    ],
)
def test_full_width_numbers_are_numbers(as_bob, longjing, field, value, kept):
    url = at("product_edit", longjing.public_id)
    assert as_bob.post(url, of(longjing, **{field: value})).status_code == 302
    assert getattr(longjing.variants.get(), field) == kept


@pytest.mark.parametrize("field", ["price", "compare_at", "low_stock", "opening", "weight"])
@pytest.mark.parametrize("value", ["-1", "1.2345", "9" * 30, "１e9", "NaN", "0x10", "一百", "٣x"])
def test_a_number_that_is_none_is_refused_at_its_field_with_all_kept(as_bob, shop, field, value):
    answer = as_bob.post(at("product_new"), typed(row(**{field: value}), name="Mine"))
    assert answer.status_code == 422
    error = re.search(rf'id="id_variants-0-{field}_error"><svg.*?<span>([^<]+)</span>', answer.text)
    assert error
    assert html.escape(value) in answer.text
    assert 'value="Mine"' in answer.text
    assert not Product.objects.exists()


def test_a_barcode_twice_in_the_form_or_in_the_shop_is_refused_at_the_field(as_bob, shop):
    twice = typed(row(sku="A", name="a", barcode="69012"), row(sku="B", name="b", barcode="69012"))
    answer = as_bob.post(at("product_new"), twice)
    assert answer.status_code == 422
    assert "This stands twice in this product." in answer.text
    as_bob.post(at("product_new"), typed(row(sku="A", barcode="69012")))
    answer = as_bob.post(at("product_new"), typed(row(sku="B", barcode="69012"), name="Second"))
    assert "Another product of yours has this already." in answer.text
    assert Product.objects.count() == 1


# --- two people -------------------------------------------------------------------------------
@pytest.fixture
def both(as_alice, as_bob, longjing):
    """Alice and Bob have opened the same product; what each page would send."""
    url = at("product_edit", longjing.public_id)
    return url, shown(as_alice.get(url).text), shown(as_bob.get(url).text)


def test_the_second_is_shown_the_difference_field_by_field(as_alice, as_bob, both, longjing):
    url, hers, his = both
    as_alice.post(url, hers | {"name": "Alice", "variants-0-price": "150", "description": "old"})
    answer = as_bob.post(url, his | {"name": "Bob", "variants-0-sku": "BOB-1"})
    assert answer.status_code == 409
    part = re.search(r'<ul class="p-diff">.*?</ul>', answer.text, re.S)[0]
    assert re.findall(r"<legend>([^<]+)</legend>", part) == [
        "Name",
        "Description",
        "Price",
    ]
    assert "Alice" in part
    assert "150" in part
    sent = shown(answer.text)
    assert sent["pick-name"] == "mine", "both wrote: his own unless he says otherwise"
    assert sent["pick-variants-0-price"] == "theirs", "he never touched it"
    assert sent["variants-0-sku"] == "BOB-1"
    assert as_bob.post(url, sent).status_code == 302
    longjing.refresh_from_db()
    variant = longjing.variants.get()
    assert (longjing.name, longjing.description) == ("Bob", "old")
    assert (variant.price, variant.sku) == (15000, "BOB-1")


@pytest.mark.parametrize(
    ("picks", "name", "price"), [("mine", "Bob", 16800), ("theirs", "A", 15000)]
)
def test_one_button_takes_all_of_one_side(as_alice, as_bob, both, longjing, picks, name, price):
    url, hers, his = both
    as_alice.post(url, hers | {"name": "A", "variants-0-price": "150"})
    sent = shown(as_bob.post(url, his | {"name": "Bob"}).text)
    assert as_bob.post(url, sent | {"picks": picks}).status_code == 302
    longjing.refresh_from_db()
    assert (longjing.name, longjing.variants.get().price) == (name, price)


def test_a_third_change_meanwhile_is_told_again(as_alice, as_bob, both, longjing):
    url, hers, his = both
    as_alice.post(url, hers | {"name": "A"})
    sent = shown(as_bob.post(url, his | {"name": "Bob"}).text)
    as_alice.post(url, shown(as_alice.get(url).text) | {"category": "茶"})
    assert as_bob.post(url, sent).status_code == 409


def test_what_the_other_took_out_or_put_in_is_told(as_alice, as_bob, shirt):
    url = at("product_edit", shirt.public_id)
    hers, his = (shown(client.get(url).text) for client in (as_alice, as_bob))
    table = shown(as_alice.post(url, hers | {"option_0_values": "蓝, 绿", "act": "build"}).text)
    assert as_alice.post(url, table).status_code == 302
    answer = as_bob.post(url, his | {"variants-2-price": "77"})
    assert answer.status_code == 409
    assert "Taken out meanwhile: 红 / S" in answer.text
    assert "Added meanwhile, and stays: 绿 / S" in answer.text
    sent = shown(answer.text)
    assert sent["pick-options"] == "theirs"
    assert as_bob.post(url, sent).status_code == 302
    assert named(shirt) == ["蓝 / S", "蓝 / L", "绿 / S", "绿 / L"]
    assert shirt.variants.get(name="蓝 / S").price == 7700


def test_rubbish_in_the_hidden_field_is_no_error(as_alice, as_bob, both):
    url, hers, his = both
    as_alice.post(url, hers | {"name": "A"})
    for seen in ("{", "[]", '"x"', ""):
        assert as_bob.post(url, his | {"name": "Bob", "seen": seen}).status_code == 409


# --- shoppers ---------------------------------------------------------------------------------
def test_a_shopper_chooses_by_option_and_without_a_script_by_name(client, shirt, live, shop):
    page = client.get(reverse("shop:product", args=["tea", shirt.public_id])).text
    assert page.count("data-option>") == 2
    assert 'data-values="红&#10;S"' in page
    assert "红 / S" in page


def test_a_plain_product_has_no_options_to_choose(client, longjing):
    page = client.get(reverse("shop:product", args=["tea", longjing.public_id])).text
    assert "data-option>" not in page
