"""The inventory and the settings as staff use them: forms, refusals, lists."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from merchants.errors import BadQuantity
from merchants.models import AnsweredRequest, Product, StockMovement, Variant
from merchants.services import product as products
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
    with django_assert_max_num_queries(18):
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
    keys = as_alice.get(at("keys")).text
    assert key.prefix in keys
    assert made.context["secret"] not in keys
    as_alice.post(at("key_revoke", key.prefix))
    assert key.prefix not in as_alice.get(at("keys")).text


def test_a_manager_sees_settings_without_keys(client, carol, shop):
    client.force_login(carol)
    page = client.get(at("settings"), headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert at("keys") not in page.text
    assert client.get(at("keys")).status_code == 403


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


# --- sent twice, half done, taken out -----------------------------------------------------------


def test_a_product_form_sent_twice_makes_one_product(as_bob, shop):
    form = typed(row(opening="3")) | {"form_key": "k"}
    first, second = (as_bob.post(at("product_new"), form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Product.objects.get().variants.get().stock.get().on_hand == 3
    as_bob.post(at("product_new"), form | {"name": "Another", "variants-0-sku": "NEW-2"})
    assert Product.objects.count() == 2


def test_an_edit_sent_twice_is_no_conflict_with_oneself(as_bob, longjing):
    form = of(longjing, price="99") | {"form_key": "k"}
    for _ in range(2):
        assert as_bob.post(at("product_edit", longjing.public_id), form).status_code == 302
    assert longjing.variants.get().price == 9900


def test_stock_booked_twice_by_one_form_counts_once(as_bob, longjing, store):
    variant = longjing.variants.get()
    data = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": 2}
    for _ in range(2):
        as_bob.post(at("product_stock", longjing.public_id), data | {"form_key": "k"})
    assert variant.stock.get().on_hand == 12


def test_a_product_whose_opening_stock_fails_is_not_there(as_bob, shop, monkeypatch):
    def refuse(**wanted):
        raise BadQuantity

    monkeypatch.setattr(products, "change_stock", refuse)
    response = as_bob.post(at("product_new"), typed(row(opening="3"), category="New"))
    assert response.status_code == 422
    assert not Product.objects.exists()
    assert not shop.categories.exists()


def test_a_name_and_a_price_are_enough(as_bob, shop):
    for number in range(2):
        words = typed(row(sku=""), name=f"Keemun {number}")
        assert as_bob.post(at("product_new"), words).status_code == 302
    as_bob.post(at("product_new"), typed(row(sku=""), row(sku="", name="b"), name="祁门红茶"))
    skus = list(Variant.objects.order_by("pk").values_list("sku", flat=True))
    assert skus == ["KEEMUN-0-001", "KEEMUN-1-002", "SP-003", "SP-004"]


def test_a_made_up_sku_goes_round_those_that_are_taken(as_bob, shop):
    as_bob.post(at("product_new"), typed(row(sku="keemun-002"), name="Old"))
    as_bob.post(at("product_new"), typed(row(sku="")))
    assert Product.objects.get(name="Keemun").variants.get().sku == "KEEMUN-003"


def test_a_sku_is_the_same_in_capitals(as_bob, shop):
    as_bob.post(at("product_new"), typed(row(sku="ab-1")))
    response = as_bob.post(at("product_new"), typed(row(sku="AB-1"), name="Other"))
    assert response.status_code == 422
    assert "Another product of yours has this already." in response.text
    twice = typed(row(sku="q-1"), row(sku="Q-1", name="b"), name="Other")
    assert "This stands twice" in as_bob.post(at("product_new"), twice).text


def test_photos_come_with_a_new_product(as_bob, shop, picture):
    files = [SimpleUploadedFile(f"{n}.jpg", picture()[0].read(), "image/jpeg") for n in range(2)]
    form = typed(row()) | {"form_key": "k"}
    assert as_bob.post(at("product_new"), form | {"file": files}).status_code == 302
    assert Product.objects.get().photos.count() == 2


def test_a_wrong_photo_keeps_the_words_and_makes_nothing(as_bob, shop):
    bad = SimpleUploadedFile("list.pdf", b"%PDF-1.4", "image/jpeg")
    response = as_bob.post(at("product_new"), typed(row()) | {"file": bad})
    assert response.status_code == 422
    assert "list.pdf: This file is not a picture we can read." in response.text
    assert 'value="Keemun"' in response.text
    assert not Product.objects.exists()


@pytest.fixture
def two_sizes(as_bob, shop):
    as_bob.post(at("product_new"), typed(row(name="50 g"), row(name="250 g", sku="NEW-2")))
    return Product.objects.get()


def without(product, gone):
    rows = [
        row(id=one.pk, name=one.name, sku=one.sku) | ({"gone": "on"} if one == gone else {})
        for one in product.variants.all()
    ]
    words = {"version": product.version, "variants-INITIAL_FORMS": len(rows)}
    return typed(*rows, **words)


def test_a_specification_nobody_booked_is_unmade(as_bob, two_sizes):
    assert "Take this specification out" in as_bob.get(at("product_edit", two_sizes.public_id)).text
    last = two_sizes.variants.last()
    url = at("product_edit", two_sizes.public_id)
    assert as_bob.post(url, without(two_sizes, last)).status_code == 302
    assert not Variant.whole.filter(pk=last.pk).exists()


def test_one_that_is_used_up_is_archived_and_its_history_stays(as_bob, two_sizes, store):
    last = two_sizes.variants.last()
    url, stock = (at(name, two_sizes.public_id) for name in ("product_edit", "product_stock"))
    data = {"variant": last.pk, "store": store.pk, "quantity": 2}
    as_bob.post(stock, data | {"reason": "received"})
    response = as_bob.post(url, without(two_sizes, last))
    assert response.status_code == 422
    assert "There are still pieces of “250 g”." in response.text
    as_bob.post(stock, data | {"reason": "written_off"})
    two_sizes.refresh_from_db()
    assert as_bob.post(url, without(two_sizes, last)).status_code == 302
    assert [one.name for one in two_sizes.variants.all()] == ["50 g"]
    assert Variant.whole.get(pk=last.pk).archived
    assert StockMovement.objects.filter(stock__variant_id=last.pk).count() == 2
    reused = typed(row(sku="new-2"), name="Other")
    assert as_bob.post(at("product_new"), reused).status_code == 422


def test_the_last_specification_stays(as_bob, longjing):
    form = of(longjing) | {"variants-0-gone": "on"}
    response = as_bob.post(at("product_edit", longjing.public_id), form)
    assert response.status_code == 422
    assert "at least one specification" in response.text
    assert longjing.variants.exists()


# --- a part of the page at a time: what is typed beside it stays --------------------------------

HTMX = {"HX-Request": "true"}


def test_a_photo_alone_comes_back(as_bob, longjing, picture):
    file = SimpleUploadedFile("a.jpg", picture()[0].read(), "image/jpeg")
    url = at("photo_add", longjing.public_id)
    answer = as_bob.post(url, {"file": file}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="card" id="photos"')
    assert "Saved" in answer["HX-Trigger"]
    bad = SimpleUploadedFile("b.pdf", b"%PDF", "image/jpeg")
    answer = as_bob.post(url, {"file": bad}, headers=HTMX)
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert "b.pdf" in answer.text
    photo = longjing.photos.get()
    answer = as_bob.post(at("photo_remove", longjing.public_id, photo.pk), headers=HTMX)
    assert answer.status_code == 200
    assert f"photos/{photo.pk}/" not in answer.text


def test_a_stock_booking_alone_comes_back(as_bob, longjing, store):
    url = at("product_stock", longjing.public_id)
    data = {"variant": longjing.variants.get().pk, "store": store.pk, "reason": "received"}
    answer = as_bob.post(url, data | {"quantity": 2}, headers=HTMX)
    assert answer.text.lstrip().startswith('<section class="card" id="stock"')
    assert "<b>12</b>" in answer.text
    answer = as_bob.post(url, data | {"quantity": "many"}, headers=HTMX)
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert "<html" not in answer.text


# --- other forms sent twice ---------------------------------------------------------------------


def test_a_shop_form_sent_twice_opens_one_shop(client, mallory):
    client.force_login(mallory)
    words = {"name": "Flower corner", "store": "Main", "city": "Ningbo", "form_key": "k"}
    first, second = (client.post(reverse("new_merchant"), words) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert mallory.places.count() == 1


def test_a_second_shop_of_the_same_name_gets_an_address_of_its_own(client, mallory, shop):
    client.force_login(mallory)
    for _ in range(2):
        client.post(reverse("new_merchant"), {"name": "Tea", "store": "Main", "city": "Ningbo"})
    slugs = set(mallory.places.values_list("merchant__slug", flat=True))
    assert len(slugs) == 2
    assert all(slug.startswith("tea-") for slug in slugs)


def test_a_key_form_sent_twice_makes_one_key_and_shows_it_both_times(as_alice, shop):
    words = {"name": "Till", "form_key": "k"}
    first, second = (as_alice.post(at("key_new"), words) for _ in range(2))
    assert first.context["secret"] == second.context["secret"]
    assert shop.api_keys.get().is_valid(second.context["secret"])
    answers = str(list(AnsweredRequest.objects.values_list("key", "answer")))
    assert first.context["secret"].partition(".")[2] not in answers
    assert words["form_key"] not in answers.replace("'key'", "").split("'")


@pytest.mark.parametrize("name", ["a\x07b", "a\u202eb", "a\nb", "a\u200bb", "a\u2028b"])
def test_what_nobody_can_see_is_refused_in_names(client, mallory, name):
    client.force_login(mallory)
    words = {"name": name, "store": "Main", "city": "Ningbo"}
    answer = client.post(reverse("new_merchant"), words, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "There is an invisible character in this text." in answer.text
    assert not mallory.places.exists()


def test_a_store_form_sent_twice_opens_one_store(as_alice, shop):
    words = {"name": "Lake store", "city": "Hangzhou", "form_key": "k"}
    for _ in range(2):
        assert as_alice.post(at("store_new"), words).status_code == 302
    assert shop.stores.filter(name="Lake store").count() == 1


def test_two_specifications_without_a_name_cannot_be_told_apart(as_bob, shop):
    response = as_bob.post(at("product_new"), typed(row(sku=""), row(sku="")))
    assert response.status_code == 422
    assert 'id="id_variants-1-name_error"' in response.text
