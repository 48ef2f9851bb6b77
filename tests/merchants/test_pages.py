"""The inventory and the settings as staff use them: forms, refusals, lists."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from merchants.models import Product, Variant
from tests.conftest import product_of


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice):
    for client in (as_bob, as_alice):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def at(name, *args, shop="tea"):
    return reverse(f"merchants:{name}", args=[shop, *args])


def row(**changes):
    """One typed specification, as the browser sends it."""
    return {
        "id": "",
        "name": "",
        "sku": "NEW-1",
        "barcode": "",
        "price": "138",
        "compare_at": "",
        "low_stock": "5",
        "opening": "",
    } | changes


def typed(*rows, **words):
    data = {"name": "Keemun", "description": "", "category": "", "state": "on_sale", "version": ""}
    data |= {"variants-TOTAL_FORMS": len(rows), "variants-INITIAL_FORMS": 0}
    for number, one in enumerate(rows):
        data |= {f"variants-{number}-{name}": value for name, value in one.items()}
    return data | words


def of(product: Product, **changes):
    """What the edit page would send back unchanged, but for `changes` of the first variant."""
    variant = product.variants.get()
    one = row(id=variant.pk, sku=variant.sku, price="168", low_stock=variant.low_stock) | changes
    words = {"name": product.name, "version": product.version, "variants-INITIAL_FORMS": 1}
    return typed(one, **words)


@pytest.mark.parametrize(
    "name", ["product_list", "product_new", "store_list", "store_new", "staff_list", "settings"]
)
def test_it_opens(as_alice, shop, longjing, name):
    response = as_alice.get(at(name))
    assert response.status_code == 200
    assert "<h1>" in response.text


def test_the_news_open_and_are_read(as_bob, paid):
    page = as_bob.get(at("notices"))
    assert "New paid order" in page.text or "新" in page.text
    assert as_bob.post(at("notices"), follow=True).status_code == 200
    assert paid.merchant.notifications.filter(channel="in_app", read_at=None).count() == 0


def test_a_product_opens_with_its_stock_and_history(as_bob, longjing, store):
    page = as_bob.get(at("product_edit", longjing.public_id)).text
    assert store.name in page
    assert "+10" in page


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_asks_as_often_for_three_as_for_thirty(
    as_bob, shop, count, django_assert_max_num_queries
):
    for number in range(count):
        product_of(shop, f"Tea {number}", 1000 + number, 3)
    with django_assert_max_num_queries(12):
        page = as_bob.get(at("product_list"))
    assert page.text.count('class="g-stock num"') == count


def test_htmx_gets_the_rows_alone(as_bob, longjing):
    response = as_bob.get(at("product_list"), headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert longjing.name in response.text
    assert "HX-Request" in response["Vary"]


def test_an_empty_counter_shows_the_way_and_an_empty_filter_another(as_bob, shop):
    assert at("product_new") in as_bob.get(at("product_list")).text
    product_of(shop, "Longjing", 100, 1)
    page = as_bob.get(at("product_list"), {"q": "nothing like it"}).text
    assert "nothing like it" in page
    assert "Clear the filters" in page


def test_a_new_product_stands_on_the_counter_with_its_opening_stock(as_bob, shop, store):
    response = as_bob.post(at("product_new"), typed(row(opening="12", price="¥1,380")))
    made = Product.objects.get(name="Keemun")
    assert response.status_code == 302
    assert made.variants.get().price == 138_000
    assert made.variants.get().stock.get(store=store).on_hand == 12


def test_a_sku_of_another_product_is_refused_at_the_field_and_nothing_is_lost(as_bob, longjing):
    sku = longjing.variants.get().sku
    response = as_bob.post(
        at("product_new"), typed(row(), row(sku=sku, name="250 g", price="420"), name="My words")
    )
    assert response.status_code == 422
    assert "Another product of yours has this already." in response.text
    for value in ("My words", "250 g", "420", "NEW-1"):
        assert f'value="{value}"' in response.text
    assert not Product.objects.filter(name="My words").exists()


def test_a_sku_twice_in_one_product_is_refused(as_bob, shop):
    response = as_bob.post(at("product_new"), typed(row(), row(name="b")))
    assert response.status_code == 422
    assert "This stands twice in this product." in response.text


@pytest.mark.parametrize("price", ["-1", "abc", "1.234", "99999999999999999", ""])
def test_an_absurd_price_is_refused_beside_its_field(as_bob, shop, price):
    response = as_bob.post(at("product_new"), typed(row(price=price)))
    assert response.status_code == 422
    assert 'id="id_variants-0-price_error"' in response.text


def test_who_saves_second_is_told_and_keeps_what_she_typed(as_bob, as_alice, longjing):
    mine = of(longjing, name="My size")
    as_alice.post(at("product_edit", longjing.public_id), of(longjing) | {"name": "Alice was here"})
    response = as_bob.post(at("product_edit", longjing.public_id), mine)
    longjing.refresh_from_db()
    assert response.status_code == 409
    assert "Somebody changed this in the meantime." in response.text
    assert 'value="My size"' in response.text
    assert longjing.name == "Alice was here"


@pytest.mark.parametrize("quantity", ["-1", "0", str(2**31), "", "three"])
def test_an_absurd_quantity_is_refused_with_a_sentence(as_bob, longjing, store, quantity):
    variant = longjing.variants.get()
    response = as_bob.post(
        at("product_stock", longjing.public_id),
        {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": quantity},
    )
    assert response.status_code == 422
    assert "Write a whole number from 1 to 1,000,000." in response.text
    assert variant.stock.get().on_hand == 10


def test_more_than_there_is_cannot_leave_the_counter(as_bob, longjing, store):
    variant = longjing.variants.get()
    response = as_bob.post(
        at("product_stock", longjing.public_id),
        {"variant": variant.pk, "store": store.pk, "reason": "counter_sale", "quantity": 11},
    )
    assert response.status_code == 422
    assert variant.stock.get().on_hand == 10


def test_a_counter_sale_leaves_a_line_in_the_history(as_bob, longjing, store, bob):
    variant = longjing.variants.get()
    data = {"variant": variant.pk, "store": store.pk, "reason": "counter_sale", "quantity": 2}
    page = as_bob.post(at("product_stock", longjing.public_id), data, follow=True)
    assert variant.stock.get().on_hand == 8
    assert "Sold at the counter" in page.text


def test_stock_of_another_shop_stays_out_of_reach(as_bob, longjing, foreign_product, other_shop):
    foreign = foreign_product.variants.get()
    response = as_bob.post(
        at("product_stock", longjing.public_id),
        {
            "variant": foreign.pk,
            "store": other_shop.stores.get().pk,
            "reason": "received",
            "quantity": 1,
        },
    )
    assert response.status_code == 422
    assert foreign.stock.get().on_hand == 5


def test_several_photos_come_in_at_once(as_bob, longjing, picture):
    files = [SimpleUploadedFile(f"{n}.jpg", picture()[0].read(), "image/jpeg") for n in range(2)]
    response = as_bob.post(at("photo_add", longjing.public_id), {"file": files})
    assert response.status_code == 302
    assert longjing.photos.count() == 2


def test_a_file_that_is_no_picture_says_why_beside_the_button(as_bob, longjing, picture):
    good = SimpleUploadedFile("good.jpg", picture()[0].read(), "image/jpeg")
    bad = SimpleUploadedFile("list.pdf", b"%PDF-1.4", "image/jpeg")
    response = as_bob.post(at("photo_add", longjing.public_id), {"file": [good, bad]})
    assert response.status_code == 422
    assert "list.pdf: This file is not a picture we can read." in response.text
    assert longjing.photos.count() == 1


def test_a_photo_can_go(as_bob, longjing, picture):
    file = SimpleUploadedFile("a.jpg", picture()[0].read(), "image/jpeg")
    as_bob.post(at("photo_add", longjing.public_id), {"file": file})
    photo = longjing.photos.get()
    assert str(photo.pk) in as_bob.get(at("product_edit", longjing.public_id)).text
    as_bob.post(at("photo_remove", longjing.public_id, photo.pk))
    assert not longjing.photos.exists()


def test_hostile_words_stay_words(as_bob, shop):
    product = product_of(shop, "<script>alert(1)</script>", 100, 1)
    for page in (at("product_list"), at("product_edit", product.public_id)):
        text = as_bob.get(page).text
        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_store_is_added_and_its_name_stands_once(as_alice, shop, store):
    words = {"name": "Lake store", "city": "Hangzhou", "pickup": "on"}
    assert as_alice.post(at("store_new"), words).status_code == 302
    again = as_alice.post(at("store_new"), words)
    assert again.status_code == 422
    assert "You already have a store with this name." in again.text
    assert as_alice.get(at("store_edit", store.pk)).status_code == 200


def test_settings_keep_money_and_words(as_alice, shop):
    words = {"name": "Tea", "tagline": "", "shipping_fee": "8.50", "free_shipping_from": "0"}
    assert as_alice.post(at("settings"), words).status_code == 302
    shop.refresh_from_db()
    assert (shop.shipping_fee, shop.free_shipping_from) == (850, 0)


def test_a_wrong_picture_of_the_shop_says_why(as_alice, shop):
    file = SimpleUploadedFile("x.jpg", b"GIF89a nothing", "image/jpeg")
    words = {"name": "Tea", "shipping_fee": "8", "free_shipping_from": "99", "picture": file}
    response = as_alice.post(at("settings"), words)
    assert response.status_code == 422
    assert "This file is not a picture we can read." in response.text


def test_a_key_is_shown_once_and_can_be_revoked(as_alice, shop):
    made = as_alice.post(at("key_new"), {"name": "Till"})
    key = shop.api_keys.get()
    assert key.prefix in made.text
    assert "data-text=" in made.text
    settings_page = as_alice.get(at("settings")).text
    assert key.prefix in settings_page
    assert made.context["secret"] not in settings_page
    as_alice.post(at("key_revoke", key.prefix))
    assert key.prefix not in as_alice.get(at("settings")).text


def test_a_manager_sees_settings_without_keys(client, carol, shop):
    client.force_login(carol)
    page = client.get(at("settings"), headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert 'id="keys"' not in page.text


def test_a_first_shop_opens_from_three_lines(client, db, django_user_model):
    user = django_user_model.objects.create_user("new@example.com", "a long password", name="New")
    client.force_login(user)
    assert client.get(reverse("new_merchant")).status_code == 200
    response = client.post(
        reverse("new_merchant"), {"name": "Flower corner", "store": "Main", "city": "Ningbo"}
    )
    assert response.status_code == 302
    assert user.places.get().is_owner
    assert client.get(response.url).status_code == 200


def test_an_upload_of_nothing_asks_for_a_photo(as_bob, longjing):
    response = as_bob.post(at("photo_add", longjing.public_id), {})
    assert response.status_code == 422
    assert "Choose at least one photo." in response.text


def test_a_phone_photo_comes_in(as_bob, longjing):
    file = io.BytesIO()
    Image.new("RGB", (3000, 4000), "#1d6547").save(file, "HEIF")
    upload = SimpleUploadedFile("IMG_0001.HEIC", file.getvalue(), "image/heic")
    assert as_bob.post(at("photo_add", longjing.public_id), {"file": upload}).status_code == 302
    assert Variant.objects.count() == 1
    assert longjing.photos.get().width <= 1600
