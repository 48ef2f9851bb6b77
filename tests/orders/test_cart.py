"""A cart as a shopper meets it: what goes in, what is said of it, and how it is bought."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.services.shelf import set_item
from merchants.errors import OutOfStock
from merchants.rules.product import ProductState
from merchants.rules.stock import MOST_AT_ONCE, Reason
from merchants.services.stock import change_stock
from orders.errors import BadBasket, CartFull
from orders.models import CartItem, Order
from orders.rules.cart import MOST_GOODS, together
from orders.selectors.cart import cart_of
from orders.services.cart import KEPT, change_in_cart, forget_carts, put_in_cart, take_from_cart
from tests.conftest import product_of
from tests.orders.test_checkout import hidden, words

CART = reverse("track:cart", args=["tea"])
CHECKOUT = reverse("track:checkout", args=["tea"])
HTMX = {"HX-Request": "true"}
DEVICE = uuid.UUID(int=7)


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def keemun(shop):
    return product_of(shop, "Keemun", 8800, 3).variants.get()


def said(html: str) -> str:
    """The text of a page as one reads it: an amount is one word."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def put(client, variant, quantity=1, **more):
    return client.post(CART, {"variant": variant.pk, "quantity": quantity, "add": "on"}, **more)


def quantities(shop, client) -> dict[int, int]:
    device = uuid.UUID(client.session["device"])
    return {line.variant.pk: line.quantity for line in cart_of(shop, device).lines}


def test_what_is_put_aside_is_there_at_the_next_visit(client, shop, variant, keemun):
    assert put(client, variant, 2).status_code == 302
    put(client, variant, 1)
    put(client, keemun, 1)
    assert quantities(shop, client) == {variant.pk: 3, keemun.pk: 1}
    page = words(client.get(CART).text)
    assert "明前龙井" in page
    assert "Keemun" in page
    assert "Goods ¥592.00" in said(client.get(CART).text)  # 3 × 168 + 88


def test_the_button_says_how_much_is_in_it(client, variant):
    answer = put(client, variant, 2, headers=HTMX)
    assert "2 pieces in your cart" in answer.text
    assert f'href="{CART}"' in answer.text


def test_it_asks_for_no_more_than_there_is(client, shop, variant):
    put(client, variant, 8)
    refused = put(client, variant, 3, headers=HTMX)
    assert refused.status_code == 409
    assert "Only 10 left of 明前龙井" in refused.text
    assert quantities(shop, client) == {variant.pk: 8}


@pytest.mark.parametrize("quantity", ["-1", "0", "1.5", "2147483648", "", "many"])
def test_nonsense_quantities_change_nothing(client, shop, variant, quantity):
    refused = put(client, variant, quantity, headers=HTMX)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert not CartItem.objects.exists()


def test_full_width_digits_are_digits(client, shop, variant):
    put(client, variant, "２")
    assert quantities(shop, client) == {variant.pk: 2}


def test_another_shops_goods_do_not_go_in(client, other_shop, variant):
    url = reverse("track:cart", args=[other_shop.slug])
    body = {"variant": variant.pk, "quantity": 1, "add": "on"}
    assert "not on sale here" in client.post(url, body, headers=HTMX).text
    with pytest.raises(BadBasket):
        put_in_cart(merchant=other_shop, device=DEVICE, variant=variant, quantity=1)
    assert not CartItem.objects.exists()


def test_nobody_changes_the_cart_of_another_device(client, shop, variant):
    put_in_cart(merchant=shop, device=DEVICE, variant=variant, quantity=2)
    client.post(CART, {"variant": variant.pk, "quantity": 0})
    assert CartItem.objects.get().quantity == 2
    assert "Nothing is in your cart" in client.get(CART).text


def test_more_fewer_and_out(client, shop, variant):
    put(client, variant, 2)
    page = client.post(CART, {"variant": variant.pk, "quantity": 5}, headers=HTMX)
    assert quantities(shop, client) == {variant.pk: 5}
    assert "<output" in page.text
    assert "<html" not in page.text, "a fragment for the sheet"
    client.post(CART, {"variant": variant.pk, "quantity": 0})
    assert quantities(shop, client) == {}


def test_what_is_short_is_said_and_left_out_of_the_sum(client, shop, store, variant, keemun):
    put(client, variant, 9)
    put(client, keemun, 1)
    change_stock(variant=variant, store=store, delta=-4, reason=Reason.COUNTER_SALE, by=None)
    page = client.get(CART).text
    assert "Only 6 are left." in words(page)
    assert "Goods ¥88.00" in said(page)
    pay = page[page.index("ct__pay") :]
    assert f'name="variant" value="{keemun.pk}"' in pay
    assert f'name="variant" value="{variant.pk}"' not in pay


def test_what_is_no_longer_sold_is_named(client, shop, variant, keemun):
    put(client, keemun)
    keemun.product.state = ProductState.ARCHIVED
    keemun.product.save()
    page = client.get(CART).text
    assert "No longer on sale here." in page
    assert "disabled" in page[page.index("ct__pay") :]


def test_two_goods_are_bought_in_one_order_and_leave_the_cart(client, shop, variant, keemun):
    put(client, variant, 2)
    put(client, keemun, 1)
    choice = {"variant": [variant.pk, keemun.pk], "quantity": [2, 1], "cart": "on"}
    page = client.get(CHECKOUT, choice).text
    pairs = re.findall(
        r'name="variant" value="(\d+)"><input type="hidden" name="quantity" value="(\d+)"', page
    )
    assert dict(pairs) == {str(variant.pk): "2", str(keemun.pk): "1"}
    form = hidden(page) | choice | contact()
    answer = client.post(CHECKOUT, form)
    assert answer.status_code == 302, words(answer.text)
    order = Order.objects.get()
    assert {line.variant_id: line.quantity for line in order.lines.all()} == {
        variant.pk: 2,
        keemun.pk: 1,
    }
    assert order.goods == 2 * variant.price + keemun.price
    assert quantities(shop, client) == {}
    again = client.post(CHECKOUT, form)  # the same form once more: the same order
    assert again.url == answer.url
    assert Order.objects.count() == 1


def test_the_same_form_with_another_quantity_is_another_form(client, variant, keemun):
    choice = {"variant": [variant.pk, keemun.pk], "quantity": [1, 1]}
    form = hidden(client.get(CHECKOUT, choice).text) | choice | contact()
    assert client.post(CHECKOUT, form).status_code == 302
    answer = client.post(CHECKOUT, form | {"quantity": [2, 1]})
    assert answer.status_code in {409, 422}
    assert Order.objects.count() == 1


def test_a_plain_order_leaves_the_cart_alone(client, shop, variant):
    put(client, variant, 2)
    choice = {"variant": variant.pk, "quantity": 1}
    form = hidden(client.get(CHECKOUT, choice).text) | choice | contact()
    assert client.post(CHECKOUT, form).status_code == 302
    assert quantities(shop, client) == {variant.pk: 2}


@pytest.mark.parametrize(
    "choice",
    [
        {"variant": [1, 1], "quantity": [1, 1]},
        {"variant": [1], "quantity": [1, 2]},
        {"variant": [], "quantity": []},
        {"variant": ["x"], "quantity": [1]},
        {"variant": [2**70], "quantity": [1]},
        {"variant": [1], "quantity": ["1.5"]},
    ],
)
def test_a_basket_that_makes_no_sense_is_refused_with_a_sentence(client, variant, choice):
    known = {1: variant.pk}
    wanted = {**choice, "variant": [known.get(one, one) for one in choice["variant"]]}
    answer = client.get(CHECKOUT, wanted)
    assert answer.status_code == 422
    assert "This cannot be ordered like that" in answer.text


def test_without_scripts_a_get_asks_before_it_puts_aside(client, shop, variant):
    page = client.get(CART, {"variant": variant.pk, "quantity": 2, "add": "on"}).text
    assert not CartItem.objects.exists()
    assert client.post(CART, hidden(page) | {"add": ""}).status_code == 302
    assert quantities(shop, client) == {variant.pk: 2}


def test_every_shop_has_its_own_cart(client, shop, other_shop, variant):
    put(client, variant)
    silk = product_of(other_shop, "Silk", 100, 1).variants.get()
    put_in_cart(
        merchant=other_shop, device=uuid.UUID(client.session["device"]), variant=silk, quantity=1
    )
    page = client.get(reverse("track:carts")).text
    assert "Silk" in page
    assert "Silk" not in client.get(CART).text


def test_in_the_room_it_is_priced_as_the_room_does(client, live, longjing):
    item = live.items.get(product=longjing)
    set_item(item=item, live_price=9900, notes="")
    variant = longjing.variants.get()
    url = reverse("watch:cart", args=[live.public_id])
    body = {"variant": variant.pk, "quantity": 2, "add": "on"}
    answer = client.post(url, body, headers=HTMX)
    assert f'hx-get="{url}"' in answer.text
    sheet = said(client.get(url, headers=HTMX).text)
    assert "Live price" in sheet
    assert "Goods ¥198.00" in sheet
    assert "Goods ¥336.00" in said(client.get(CART).text), "the shop's own price outside"


def test_the_rest_of_the_cart_goes_along_in_the_room(client, live, longjing, keemun):
    variant = longjing.variants.get()
    choice = {"variant": [variant.pk, keemun.pk], "quantity": [1, 1], "cart": "on"}
    url = reverse("watch:checkout", args=[live.public_id])
    form = hidden(client.get(url, choice, headers=HTMX).text) | choice | contact()
    assert client.post(url, form, headers=HTMX).status_code == 200
    assert {line.variant_id for line in Order.objects.get().lines.all()} == {variant.pk, keemun.pk}
    alone = client.get(url, {"variant": keemun.pk, "quantity": 1}, headers=HTMX)
    assert alone.status_code == 404 or "shelf" in alone.text


def test_a_cart_has_an_end(shop, store, variant, monkeypatch):
    monkeypatch.setattr("orders.services.cart.MOST_GOODS", 0)
    with pytest.raises(CartFull):
        put_in_cart(merchant=shop, device=DEVICE, variant=variant, quantity=1)
    assert not CartItem.objects.exists()


def test_the_verbs_refuse_what_the_forms_would(shop, variant):
    for quantity in (0, -1, MOST_AT_ONCE + 1):
        with pytest.raises(BadBasket):
            put_in_cart(merchant=shop, device=DEVICE, variant=variant, quantity=quantity)
    with pytest.raises(BadBasket):
        change_in_cart(merchant=shop, device=DEVICE, variant=variant.pk, quantity=-1)
    with pytest.raises(OutOfStock):
        put_in_cart(merchant=shop, device=DEVICE, variant=variant, quantity=11)
    assert together(998, 5) == MOST_AT_ONCE
    assert MOST_GOODS >= 50


def test_old_wishes_are_forgotten(shop, variant):
    item = put_in_cart(merchant=shop, device=DEVICE, variant=variant, quantity=1)
    now = timezone.now()
    assert forget_carts(now) == 0
    CartItem.objects.filter(pk=item.pk).update(at=now - KEPT - timedelta(seconds=1))
    assert forget_carts(now) == 1


def test_only_what_was_bought_is_taken_out(shop, variant, keemun):
    for one in (variant, keemun):
        put_in_cart(merchant=shop, device=DEVICE, variant=one, quantity=1)
    take_from_cart(device=DEVICE, variants=[variant.pk])
    assert [line.variant for line in cart_of(shop, DEVICE).lines] == [keemun]


def contact(**changes: str) -> dict[str, str]:
    return {
        "name": "沈梅",
        "phone": "138 0013 8000",
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "district": "上城区",
        "address": "清河坊 12 号",
        **changes,
    }
