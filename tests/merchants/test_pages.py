"""The inventory and the settings as staff use them: forms, refusals, lists."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from merchants.models import AnsweredRequest, Merchant, StockMovement, Store
from merchants.services.store import save_store
from tests.conftest import product_of
from tests.merchants.typed import at


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice):
    for client in (as_bob, as_alice):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


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
    assert store.name in as_bob.get(at("product_edit", longjing.public_id)).text
    page = as_bob.get(at("product_stock", longjing.public_id)).text
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
    assert page.text.count(" data-left>") == count


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


@pytest.mark.parametrize("reason", ["received", "returned", "written_off", "counter_sale"])
def test_what_was_noted_stands_in_the_history(as_bob, longjing, store, reason):
    variant = longjing.variants.get()
    sent = {"variant": variant.pk, "store": store.pk, "reason": reason, "quantity": 2}
    page = as_bob.post(
        at("product_stock", longjing.public_id), sent | {"note": "For Mrs Wu"}, follow=True
    )
    assert "For Mrs Wu" in page.text
    assert StockMovement.objects.order_by("pk").last().note == "For Mrs Wu"


def test_a_shop_of_one_store_has_nowhere_to_move_goods_to(as_alice, shop, longjing, store):
    page = at("product_stock", longjing.public_id)
    offered = '<option value="transferred">'

    def form() -> str:
        return as_alice.get(page).text.split('id="book-title"')[1].split("</form>")[0]

    assert offered not in form()
    second = save_store(store=Store(merchant=shop, name="Lakeside", city="Hangzhou"))
    assert offered in form()
    variant = longjing.variants.get()
    sent = {"variant": variant.pk, "store": store.pk, "reason": "transferred", "quantity": 2}
    as_alice.post(page, sent | {"target": second.pk, "note": "With the van"})
    notes = StockMovement.objects.order_by("-pk").values_list("note", flat=True)[:2]
    assert sorted(notes) == ["Lakeside · With the van", f"{store.name} · With the van"]


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


def test_a_badge_given_while_the_settings_are_saved_stays(as_alice, shop):
    def approve(**_):
        Merchant.objects.update(verified_at=timezone.now())

    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "PNG")
    words = {"name": "New", "tagline": "t", "shipping_fee": "8", "free_shipping_from": "0"}
    picture = SimpleUploadedFile("a.png", file.getvalue(), "image/png")
    pre_save.connect(approve, sender=Merchant)
    try:
        assert as_alice.post(at("settings"), words | {"picture": picture}).status_code == 302
    finally:
        pre_save.disconnect(approve, sender=Merchant)
    shop.refresh_from_db()
    assert (shop.name, shop.shipping_fee, bool(shop.logo)) == ("New", 800, True)
    assert shop.verified_at is not None


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


# --- sent twice, half done, taken out -----------------------------------------------------------


def test_stock_booked_twice_by_one_form_counts_once(as_bob, longjing, store):
    variant = longjing.variants.get()
    data = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": 2}
    for _ in range(2):
        as_bob.post(at("product_stock", longjing.public_id), data | {"form_key": "k"})
    assert variant.stock.get().on_hand == 12


# --- a part of the page at a time: what is typed beside it stays --------------------------------

HTMX = {"HX-Request": "true"}


def test_a_stock_booking_alone_comes_back(as_bob, longjing, store):
    url = at("product_stock", longjing.public_id)
    data = {"variant": longjing.variants.get().pk, "store": store.pk, "reason": "received"}
    answer = as_bob.post(url, data | {"quantity": 2}, headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="stock"')
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
