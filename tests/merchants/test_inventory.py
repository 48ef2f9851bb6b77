"""The inventory list: found, filtered, sorted, and many goods changed at once."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import AuditEntry, Category, Product, Store
from merchants.rules.product import ProductState
from merchants.rules.repricing import Repricing, Way
from merchants.rules.search import haystack, pinyin
from merchants.rules.stock import Reason
from merchants.services.counter import sell_at_counter
from merchants.services.inventory import BadPrice, GoodsChange, NothingChosen, TooMany, change_goods
from merchants.services.level import settle_levels
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from tests.conftest import product_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english(as_alice, as_bob):
    for client in (as_alice, as_bob):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def at(name, *args):
    return reverse(f"merchants:{name}", args=["tea", *args])


def names(page) -> list[str]:
    return re.findall(r'<a class="cellp"[^>]*>.*?<b>(.*?)</b>', page.text, re.DOTALL)


@pytest.fixture
def second(shop) -> Store:
    return Store.objects.create(merchant=shop, name="湖滨店", city="杭州", position=1)


@pytest.mark.parametrize("words", ["龙井", "lj", "mqlj", "longjing", "LJ", "明前 一级", "6901"])
def test_it_finds_by_name_pinyin_and_barcode(as_bob, shop, words):
    variants = [VariantData("", "A-1", 6800, barcode="6901234567892")]
    save_product(merchant=shop, name="明前龙井 一级", variants=variants)
    product_of(shop, "Cup", 900, 3)
    assert names(as_bob.get(at("product_list"), {"q": words})) == ["明前龙井 一级"]


@pytest.mark.parametrize(
    ("name", "read"),
    [("明前龙井", "mqlj\nmingqianlongjing"), ("Cup", ""), ("茶 Tea 杯", "cb\nchabei")],
)
def test_a_name_is_read_in_pinyin(name, read):
    assert pinyin(name) == read


@given(st.text(max_size=40))
def test_any_name_can_be_read(name):
    assert "\x00" not in haystack(name, pinyin(name))


def test_it_sorts_by_what_is_left(as_bob, shop):
    for name, pieces in (("many", 30), ("none", 0), ("some", 7)):
        product_of(shop, name, 1000, pieces)
    settle_levels()
    assert names(as_bob.get(at("product_list"))) == ["none", "some", "many"]


def test_among_the_low_a_row_says_low_also_where_only_one_of_its_variants_is(as_bob, shop, store):
    variants = [
        VariantData("S", "S-1", 900, low_stock=2),
        VariantData("L", "L-1", 900, low_stock=2),
    ]
    product = save_product(merchant=shop, name="Scarf", variants=variants)
    for variant, pieces in zip(product.variants.all(), (1, 9), strict=True):
        change_stock(variant=variant, store=store, delta=pieces, reason=Reason.RECEIVED, by=None)
    settle_levels()
    page = as_bob.get(at("product_list"), {"stock": "low"})
    assert names(page) == ["Scarf"]
    row = page.text[page.text.index('<a class="cellp"') :]
    assert "pill--warn" in row[: row.index("</tr>")]


def test_it_is_narrowed_by_category_and_state_and_put_in_order(as_bob, shop):
    ware = Category.objects.create(merchant=shop, name="Ware")
    for name, price, category, state in (
        ("Cup", 3000, ware, ProductState.ON_SALE),
        ("Bowl", 1000, ware, ProductState.DRAFT),
        ("Apple", 2000, None, ProductState.ON_SALE),
    ):
        variants = [VariantData("", f"{name}-1", price)]
        save_product(merchant=shop, name=name, variants=variants, category=category, state=state)
    settle_levels()
    asked = (
        {"category": ware.pk, "sort": "name"},
        {"category": ware.pk, "state": "draft"},
        {"sort": "name"},
        {"sort": "price"},
        {"sort": "new"},
    )
    assert [names(as_bob.get(at("product_list"), query)) for query in asked] == [
        ["Bowl", "Cup"],
        ["Bowl"],
        ["Apple", "Bowl", "Cup"],
        ["Bowl", "Apple", "Cup"],
        ["Apple", "Bowl", "Cup"],
    ]


def test_a_sale_moves_goods_between_the_tabs(as_bob, shop, store, bob):
    product = product_of(shop, "Cup", 1000, 6)
    settle_levels()
    assert names(as_bob.get(at("product_list"), {"stock": "low"})) == []
    sell_at_counter(variant=product.variants.get(), store=store, by=bob, quantity=2)
    settle_levels()
    assert names(as_bob.get(at("product_list"), {"stock": "low"})) == ["Cup"]
    sell_at_counter(variant=product.variants.get(), store=store, by=bob, quantity=4)
    settle_levels()
    assert names(as_bob.get(at("product_list"), {"stock": "low"})) == []
    page = as_bob.get(at("product_list"), {"stock": "out"})
    assert names(page) == ["Cup"]
    assert re.search(r'<td[^>]* class="n num c-hide">6</td>', page.text), "sold in thirty days"


def left_in(page, product) -> str:
    """The number that stands in the field of a row."""
    field = re.search(rf'<input [^>]*id="left-{product.public_id}"[^>]*>', page.text)
    return re.search(r'value="(\d+)"', field[0])[1]


def test_numbers_of_the_rows_are_those_of_this_moment(as_bob, shop, store, bob):
    product = product_of(shop, "Cup", 1000, 6)
    settle_levels()
    sell_at_counter(variant=product.variants.get(), store=store, by=bob)
    assert left_in(as_bob.get(at("product_list")), product) == "5"


def test_one_store_shows_what_lies_there(as_alice, shop, store, second):
    here = product_of(shop, "Here", 1000, 6)
    there = product_of(shop, "There", 1000, 0)
    for product, place, pieces in ((there, second, 4), (here, second, 9)):
        variant = product.variants.get()
        change_stock(variant=variant, store=place, delta=pieces, reason=Reason.RECEIVED, by=None)
    settle_levels()
    page = as_alice.get(at("product_list"), {"store": second.pk})
    assert names(page) == ["There", "Here"]
    assert left_in(page, here) == "9"
    assert "Here: 15 left" in as_alice.get(at("product_list")).text


def test_the_tabs_of_one_store_speak_of_that_store(as_alice, shop, store, second):
    third = Store.objects.create(merchant=shop, name="城西店", city="杭州", position=2)
    cup = product_of(shop, "Cup", 1000, 5).variants.get()
    for place in (second, third):
        for delta in (3, -3):
            change_stock(variant=cup, store=place, delta=delta, reason=Reason.COUNTED, by=None)
    settle_levels()
    shown = [
        names(as_alice.get(at("product_list"), {"store": place.pk, "stock": tab}))
        for place in (store, second)
        for tab in ("low", "out")
    ]
    assert shown == [["Cup"], [], [], ["Cup"]]


def test_a_clerk_sees_the_stock_of_her_stores_only(as_bob, shop, store, second, bob):
    product = product_of(shop, "Cup", 1000, 6)
    variant = product.variants.get()
    change_stock(variant=variant, store=second, delta=9, reason=Reason.RECEIVED, by=None)
    settle_levels()
    for asked in ({}, {"store": second.pk}):
        page = as_bob.get(at("product_list"), asked)
        assert left_in(page, product) == "6"
        assert second.name not in page.text
    shop.staff.get(user=bob).stores.set([])
    assert names(as_bob.get(at("product_list"))) == []


@pytest.mark.parametrize("sort", ["stock", "new", "price", "name", "x'"])
@pytest.mark.parametrize("category", ["", "0", "99999999999999999999", "²", "x"])
def test_no_filter_breaks_the_list(as_alice, shop, longjing, second, sort, category):
    query = {"sort": sort, "category": category, "store": second.pk, "page": "-1", "q": "\x00%_"}
    assert as_alice.get(at("product_list"), query).status_code == 200


def test_goods_change_together(as_alice, shop, alice):
    goods = [product_of(shop, f"Tea {n}", 6800, 3) for n in range(3)]
    ticked = [one.public_id for one in goods[:2]]
    form = {"products": ticked, "way": "cheaper_percent", "value": "10%", "keep_was": "on"}
    form |= {"move": "into", "category": "Offers", "list_q": "Tea"}
    page = as_alice.post(at("product_bulk"), form | {"do": "preview"})
    assert "61" in page.text
    assert goods[0].variants.get().price == 6800, "a preview changes nothing"
    done = as_alice.post(at("product_bulk"), form | {"do": "apply"})
    assert done.url == at("product_list") + "?q=Tea"
    first, _second, third = (Product.objects.get(pk=one.pk) for one in goods)
    variant = first.variants.get()
    assert (variant.price, variant.compare_at) == (6100, 6800)
    assert (first.category.name, first.price_from) == ("Offers", 6100)
    assert first.version == goods[0].version + 1
    assert (third.category, third.variants.get().price) == (None, 6800)
    entry = AuditEntry.objects.get(merchant=shop)
    assert (entry.by, entry.details["repricing"]) == (alice, "percent -10")


def test_everything_that_the_filters_match_changes(as_alice, shop):
    product_of(shop, "Cup", 900, 3)
    for n in range(60):
        product_of(shop, f"Oolong {n}", 6800, 3)
    as_alice.post(at("product_bulk"), {"all": "1", "list_q": "oolong", "do": "archived"})
    assert shop.products.filter(state=ProductState.ARCHIVED).count() == 60
    assert shop.products.get(name="Cup").state == ProductState.ON_SALE


def test_who_has_goods_open_is_told_that_they_changed(as_alice, shop, longjing, alice):
    change_goods(
        merchant=shop, products=[longjing.pk], change=GoodsChange(category="New"), by=alice
    )
    form = {"version": longjing.version, "name": "x", "state": "on_sale"}
    form |= {"variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0", "variants-0-price": "1"}
    answer = as_alice.post(at("product_edit", longjing.public_id), form)
    assert answer.status_code in {409, 422}


def test_goods_of_another_shop_are_never_touched(as_alice, other_shop, shop, longjing):
    theirs = product_of(other_shop, "Theirs", 900, 3)
    ticked = {"products": [theirs.public_id, longjing.public_id], "do": "archived"}
    as_alice.post(at("product_bulk"), ticked)
    theirs.refresh_from_db()
    longjing.refresh_from_db()
    assert (theirs.state, longjing.state) == ("on_sale", "archived")


def test_all_or_nothing(shop, alice):
    dear, cheap = product_of(shop, "Dear", 6800, 1), product_of(shop, "Cheap", 300, 1)
    change = GoodsChange(repricing=Repricing(Way.AMOUNT, -500), category="X")
    with pytest.raises(BadPrice, match="Cheap"):
        change_goods(merchant=shop, products=[dear.pk, cheap.pk], change=change, by=alice)
    dear.refresh_from_db()
    assert (dear.category, dear.variants.get().price) == (None, 6800)


def test_too_many_nothing_and_no_change_are_refused(shop, alice, longjing):
    archived = GoodsChange(state=ProductState.ARCHIVED)
    with pytest.raises(TooMany):
        change_goods(merchant=shop, products=range(2001), change=archived, by=alice)
    with pytest.raises(NothingChosen):
        change_goods(merchant=shop, products=[], change=archived, by=alice)
    with pytest.raises(NothingChosen):
        change_goods(merchant=shop, products=[longjing.pk], change=GoodsChange(), by=alice)


@pytest.mark.parametrize(
    ("way", "value"),
    [
        ("cheaper_percent", "100"),
        ("cheaper_percent", "-5"),
        ("cheaper_percent", "1.5"),
        ("dearer_amount", ""),
        ("fixed", "0"),
        ("fixed", "abc"),
        ("dearer_percent", "99999"),
        ("sideways", "5"),
    ],
)
def test_a_bad_price_is_told_at_its_field_and_kept(as_alice, longjing, way, value):
    form = {"products": [longjing.public_id], "do": "preview", "way": way, "value": value}
    page = as_alice.post(at("product_bulk"), form)
    assert page.status_code == 422
    assert "field--error" in page.text
    assert longjing.public_id in page.text


def test_full_width_digits_are_numbers(as_alice, shop, longjing):
    form = {"products": [longjing.public_id], "way": "cheaper_percent", "value": "１０"}
    as_alice.post(at("product_bulk"), form | {"do": "apply"})
    assert longjing.variants.get().price < 16800


def test_a_clerk_ticks_goods_for_a_shelf_and_changes_none_of_them(as_bob, longjing):
    page = as_bob.get(at("product_list")).text
    assert "data-tick" in page
    assert at("product_bulk") not in page
