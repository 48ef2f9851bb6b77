"""The shop as a shopper sees it: what things cost, and what can be bought."""

from __future__ import annotations

import io
import re

import pytest
from django.urls import reverse

from livestream.rules.price import Kind, offer
from livestream.selectors.room import shelf
from livestream.services.shelf import add_to_shelf, set_item
from merchants.models import Category, Product, Variant
from merchants.rules.product import ProductState
from merchants.rules.stock import Reason
from merchants.services.photo import add_photo, move_photo
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from tests.merchants.test_photo import plain


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def scarf(shop, store) -> Product:
    """Three sizes; the cheapest is sold out."""
    sizes = (("S", 9900, 0), ("M", 12900, 2), ("L", 15900, 8))
    product = save_product(
        merchant=shop,
        name="Scarf",
        variants=[
            VariantData(name=name, sku=f"SC-{name}", price=price) for name, price, _ in sizes
        ],
    )
    for variant, (_name, _price, pieces) in zip(product.variants.all(), sizes, strict=True):
        if pieces:
            change_stock(
                variant=variant, store=store, delta=pieces, reason=Reason.RECEIVED, by=None
            )
    return product


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_shop_says_from_what_price_it_can_be_bought(client, scarf):
    front = words(client.get(reverse("shop:front", args=["tea"])).text)
    assert "Scarf from ¥ 129" in front
    assert "99" not in front
    assert "10 left" not in front


def test_the_shop_says_what_it_cost_before(client, shop, longjing, scarf):
    assert 'class="was' not in client.get("/s/tea/").text
    longjing.variants.update(price=13800, compare_at=16800)
    page = client.get("/s/tea/").text
    assert re.search(r'<small class="was num">.*?168</small>', page)
    assert page.count('class="was') == 1


def test_the_shop_is_walked_through_by_category(client, shop, scarf):
    for name, category in (("Cup", "Cups"), ("Jug", "Jugs"), ("Old", "Gone")):
        heading = Category.objects.create(merchant=shop, name=category)
        variants = [VariantData("", f"{name}-1", 900)]
        state = ProductState.ARCHIVED if name == "Old" else ProductState.ON_SALE
        save_product(merchant=shop, name=name, variants=variants, category=heading, state=state)
    front = client.get(reverse("shop:front", args=["tea"])).text
    assert "Gone" not in front, "nothing under it is on sale"
    cups = re.search(r'href="([^"]+)">Cups<', front)
    assert cups
    page = words(client.get(reverse("shop:front", args=["tea"]) + cups[1]).text)
    assert "Cup ¥" in page
    assert "Jug ¥" not in page
    assert "Scarf" not in page
    assert client.get(reverse("shop:front", args=["tea"]), {"category": "x"}).status_code == 200


def test_search_says_the_same(client, scarf):
    assert "Scarf from ¥ 129" in words(client.get("/", {"q": "scarf"}).text)


def chosen(page: str) -> dict[str, str]:
    """{size: "checked" | "disabled" | ""} of the product page or sheet."""
    labels = re.findall(r'<label class="chip">(<input[^>]+>)([^<]*)', page)
    return {
        text.strip(): next((word for word in ("checked", "disabled") if word in tag), "")
        for tag, text in labels
    }


def test_the_first_size_that_can_be_bought_is_chosen(client, scarf):
    page = client.get(reverse("shop:product", args=["tea", scarf.public_id])).text
    assert chosen(page) == {"S Sold out": "disabled", "M": "checked", "L": ""}
    assert "2 left" in words(page)
    assert re.search(r"data-price>.*?129", page)
    assert not re.search(r"<button[^>]+disabled", page)


def test_sizes_stand_in_the_shops_order(client, scarf):
    for position, variant in enumerate(scarf.variants.order_by("-pk")):
        Variant.objects.filter(pk=variant.pk).update(position=position)
    page = client.get(reverse("shop:product", args=["tea", scarf.public_id])).text
    assert list(chosen(page)) == ["L", "M", "S Sold out"]
    assert chosen(page)["L"] == "checked"


def test_with_everything_sold_out_nothing_can_be_pressed(client, shop):
    gone = save_product(
        merchant=shop, name="Gone", variants=[VariantData(name="", sku="G", price=100)]
    )
    page = client.get(reverse("shop:product", args=["tea", gone.public_id])).text
    assert "0 left" not in words(page)
    assert re.search(r"<button[^>]+disabled>Sold out</button>", page)


def test_the_rooms_sheet_and_shelf_do_the_same(client, live, scarf):
    item = add_to_shelf(room=live, product=scarf)
    sheet = client.get(reverse("watch:product", args=[live.public_id, item.pk])).text
    assert chosen(sheet) == {"S Sold out": "disabled", "M": "checked", "L": ""}
    goods = words(client.get(reverse("watch:shelf", args=[live.public_id])).text)
    assert "Scarf from ¥129" in goods
    assert "10 left" not in goods


def test_a_live_price_is_shown_for_what_can_be_bought(live, scarf):
    set_item(item=add_to_shelf(room=live, product=scarf), live_price=8900, notes="")
    card = next(one for one in shelf(live) if one.product == scarf)
    assert (card.price, card.was, card.dearer) == (11900, 12900, True)


@pytest.mark.parametrize(
    ("kinds", "price", "dearer"),
    [
        ([(99, 0), (129, 2), (159, 8)], 129, True),
        ([(99, 0), (129, 2)], 129, False),
        ([(99, 1), (99, 1)], 99, False),
        ([(159, 0), (99, 0)], 99, True),
    ],
)
def test_what_a_card_says(kinds, price, dearer):
    said = offer([Kind(price, None, left) for price, left in kinds], live_price=None)
    assert (said.price, said.dearer) == (price, dearer)


def test_every_photo_is_there_in_the_merchants_order(client, scarf):
    first, second = (
        add_photo(product=scarf, file=io.BytesIO(plain()), size=1, alt=word) for word in "ab"
    )
    move_photo(photo=second, to=0)
    page = client.get(reverse("shop:product", args=["tea", scarf.public_id])).text
    shown = re.findall(r'<figure id="photo-\d"><img src="([^"]+)"', page)
    assert shown == [second.image.url, first.image.url]
    assert "1 / 2" in page
    assert 'href="#photo-2"' in page


def test_goods_of_one_kind_are_not_chosen(client, longjing):
    page = client.get(reverse("shop:product", args=["tea", longjing.public_id])).text
    (plain,) = re.findall(r"<fieldset[^>]+data-plain[^>]*>", page)
    assert plain.endswith(" hidden>")
    assert chosen(page) == {"明前龙井": "checked"}, "and still go along"


def test_goods_of_several_kinds_are_chosen(client, scarf):
    page = client.get(reverse("shop:product", args=["tea", scarf.public_id])).text
    (plain,) = re.findall(r"<fieldset[^>]+data-plain[^>]*>", page)
    assert "hidden" not in plain
