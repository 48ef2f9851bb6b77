"""Numbers as people type them and as they should not: a sentence at the field, and nothing lost."""

from __future__ import annotations

import pytest

from merchants.models import Product, Variant
from merchants.services.product import VariantData, save_product
from tests.merchants.typed import at, row, typed

HOSTILE = ("-3", "1.2345", "9" * 30, "9" * 5000, "1e5", "三", "NaN", "0x10", "1,2,3.4.5")
FIELDS = ("price", "compare_at", "weight", "low_stock", "opening")


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.mark.parametrize("number", HOSTILE)
@pytest.mark.parametrize("field", FIELDS)
def test_a_bad_number_of_a_product_is_told_at_its_field_and_kept(as_bob, shop, field, number):
    answer = as_bob.post(at("product_new"), typed(row(**{field: number}), name="My words"))
    assert answer.status_code == 422
    form = answer.context["variants"].forms[0]
    assert list(form.errors) == [field]
    (said,) = form.errors[field]
    assert str(said).endswith(".")
    page = answer.text
    assert f'id="id_variants-0-{field}_error"' in page
    assert 'value="My words"' in page
    assert f'value="{number}"' in page
    assert not Product.objects.exists()


def test_full_width_numbers_are_numbers_in_every_field(as_bob, shop, store):
    wide = {
        "price": "￥１，３８０．５０",
        "compare_at": "１５００",
        "weight": "１．５ｋｇ",
        "low_stock": "７",
        "opening": "１２",
    }
    answer = as_bob.post(at("product_new"), typed(row(**wide)))
    assert answer.status_code == 302, answer.context["variants"].errors
    made = Variant.objects.get()
    assert (made.price, made.compare_at, made.weight, made.low_stock) == (138050, 150000, 1500, 7)
    assert made.stock.get().on_hand == 12


def test_a_barcode_of_another_shop_is_no_matter_and_one_of_her_own_is(as_bob, shop, other_shop):
    for merchant, name in ((other_shop, "Theirs"), (shop, "Hers")):
        data = [VariantData("", f"{name}-1", 1000, barcode=f"69-{name}")]
        save_product(merchant=merchant, name=name, variants=data)
    taken = as_bob.post(at("product_new"), typed(row(barcode="69-Hers"), name="My words"))
    assert taken.status_code == 422
    form = taken.context["variants"].forms[0]
    assert form.errors["barcode"] == ["Another product of yours has this already."]
    assert 'value="69-Hers"' in taken.text
    assert as_bob.post(at("product_new"), typed(row(barcode="69-Theirs"))).status_code == 302


def test_a_barcode_twice_in_one_product_is_told_at_the_second(as_bob, shop):
    rows = (row(barcode="69"), row(name="b", sku="NEW-2", barcode="69"))
    answer = as_bob.post(at("product_new"), typed(*rows))
    assert answer.status_code == 422
    forms = answer.context["variants"].forms
    assert not forms[0].errors
    assert forms[1].errors["barcode"] == ["This stands twice in this product."]


@pytest.mark.parametrize("number", [*HOSTILE, "0", ""])
@pytest.mark.parametrize("reason", ["received", "written_off", "counter_sale", "transferred"])
def test_a_bad_number_of_pieces_is_told_and_books_nothing(as_bob, longjing, store, number, reason):
    variant = longjing.variants.get()
    sent = {"variant": variant.pk, "store": store.pk, "reason": reason, "quantity": number}
    answer = as_bob.post(at("product_stock", longjing.public_id), sent | {"note": "my words"})
    assert answer.status_code == 422
    assert "Write a whole number from 1 to 1,000,000." in answer.text
    assert 'value="my words"' in answer.text
    assert variant.stock.get().on_hand == 10


def test_no_number_of_goods_is_a_field_that_sends_nothing_when_it_is_wrong(as_bob, longjing):
    """A browser sends an empty text for what is no number in a field of that type."""
    for page in (at("product_new"), at("product_stock", longjing.public_id)):
        text = as_bob.get(page).text
        assert 'inputmode="numeric"' in text
        assert 'type="number"' not in text


def test_full_width_pieces_are_pieces(as_bob, longjing, store):
    variant = longjing.variants.get()
    sent = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": "１２"}
    as_bob.post(at("product_stock", longjing.public_id), sent)
    assert variant.stock.get().on_hand == 22
