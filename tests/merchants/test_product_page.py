"""The page of a product as staff use it: words, specifications, photos, refusals."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from merchants.errors import BadQuantity, Nowhere
from merchants.models import Product, StockMovement, Store, Variant
from merchants.rules.stock import Reason
from merchants.services import product as products
from merchants.services.product import VariantData
from merchants.services.stock import change_stock
from merchants.services.store import save_store
from merchants.tasks import develop_photos
from tests.merchants.typed import at, of, row, typed

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_english(as_bob, as_alice):
    for client in (as_bob, as_alice):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def test_a_new_product_stands_on_the_counter_with_its_opening_stock(as_bob, shop, store):
    response = as_bob.post(at("product_new"), typed(row(opening="12", price="¥1,380")))
    made = Product.objects.get(name="Keemun")
    assert response.status_code == 302
    assert made.variants.get().price == 138_000
    assert made.variants.get().stock.get(store=store).on_hand == 12


@pytest.fixture
def lake(shop) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


def test_opening_stock_lies_in_a_store_that_she_serves(as_bob, host, lake):
    host.stores.set([lake])
    as_bob.post(at("product_new"), typed(row(opening="77")))
    stock = Product.objects.get().variants.get().stock
    assert list(stock.values_list("store", "on_hand")) == [(lake.pk, 77)]


def test_who_serves_no_store_is_told_so_at_the_field(as_bob, host):
    host.stores.clear()
    response = as_bob.post(at("product_new"), typed(row(opening="77")))
    assert response.status_code == 422
    assert response.context["variants"].forms[0].errors["opening"] == [str(Nowhere.sentence)]
    assert 'value="77"' in response.text
    assert as_bob.post(at("product_new"), typed(row(opening="0"))).status_code == 302


HUGE = ("9" * 30, "9" * 5000)


@pytest.mark.parametrize("many", HUGE)
@pytest.mark.parametrize("field", ["variants-TOTAL_FORMS", "variants-0-id", "version"])
def test_no_number_is_too_long_to_be_answered(as_bob, longjing, field, many):
    options = {"option_0_name": "Size", "option_0_values": "S, M"}
    for more in ({}, {"variants-0-gone": "on"}, options, options | {"act": "build"}):
        response = as_bob.post(
            at("product_edit", longjing.public_id), of(longjing) | more | {field: many}
        )
        assert response.status_code < 500
    assert Variant.objects.filter(product=longjing).exists()


def test_what_a_page_claims_to_have_seen_may_be_nonsense(as_bob, longjing):
    Product.objects.update(version=2)
    for seen in ("[" * 100_000, "[]", "{"):
        words = of(longjing, version="1") | {"seen": seen, "version": "1"}
        assert as_bob.post(at("product_edit", longjing.public_id), words).status_code == 409


def test_opening_stock_without_a_store_makes_no_product(shop):
    data = VariantData(name="", sku="x", price=1, opening=1)
    with pytest.raises(Nowhere):
        products.save_product(merchant=shop, name="Keemun", variants=[data])
    assert not Product.objects.exists()


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


def test_several_photos_come_in_at_once(as_bob, longjing, picture):
    files = [SimpleUploadedFile(f"{n}.jpg", picture()[0].read(), "image/jpeg") for n in range(2)]
    response = as_bob.post(at("photo_add", longjing.public_id), {"file": files})
    assert response.status_code == 302
    develop_photos()
    assert longjing.photos.count() == 2


def test_a_file_that_is_no_picture_says_why_beside_the_button(as_bob, longjing, picture):
    good = SimpleUploadedFile("good.jpg", picture()[0].read(), "image/jpeg")
    bad = SimpleUploadedFile("list.pdf", b"%PDF-1.4", "image/jpeg")
    response = as_bob.post(at("photo_add", longjing.public_id), {"file": [good, bad]})
    assert response.status_code == 422
    assert "list.pdf: A PDF does not work here." in response.text
    develop_photos()
    assert longjing.photos.count() == 1


def test_a_photo_can_go(as_bob, longjing, picture):
    file = SimpleUploadedFile("a.jpg", picture()[0].read(), "image/jpeg")
    as_bob.post(at("photo_add", longjing.public_id), {"file": file})
    photo = longjing.photos.get()
    assert str(photo.pk) in as_bob.get(at("product_edit", longjing.public_id)).text
    as_bob.post(at("photo_remove", longjing.public_id, photo.pk))
    assert not longjing.photos.exists()


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
    assert not Product.objects.get().photos.exists()
    develop_photos()
    assert Product.objects.get().photos.count() == 2


def test_a_wrong_photo_keeps_the_words_and_makes_nothing(as_bob, shop):
    bad = SimpleUploadedFile("list.pdf", b"%PDF-1.4", "image/jpeg")
    response = as_bob.post(at("product_new"), typed(row()) | {"file": bad})
    assert response.status_code == 422
    assert "list.pdf: A PDF does not work here." in response.text
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
    url = at("product_edit", two_sizes.public_id)
    change_stock(variant=last, store=store, delta=2, reason=Reason.RECEIVED, by=None)
    response = as_bob.post(url, without(two_sizes, last))
    assert response.status_code == 422
    assert "There are still pieces of “250 g”." in response.text
    change_stock(variant=last, store=store, delta=-2, reason=Reason.WRITTEN_OFF, by=None)
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


def test_two_specifications_without_a_name_cannot_be_told_apart(as_bob, shop):
    response = as_bob.post(at("product_new"), typed(row(sku=""), row(sku="")))
    assert response.status_code == 422
    assert 'id="id_variants-1-name_error"' in response.text
