"""A shop whose currency has no cents: a yen is a yen, wherever a price is typed or read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.forms.inventory import GoodsForm
from merchants.models import Variant
from merchants.rules.money import parse, plain, unit
from merchants.rules.repricing import MOST, Repricing, Way
from merchants.services.inventory import GoodsChange, change_goods
from merchants.services.product import VariantData, save_product

WHOLE = ("JPY", "KRW")
prices = st.integers(1, 10_000_000)


@pytest.fixture
def yen(shop):
    shop.currency = "JPY"
    shop.save()
    return shop


@pytest.fixture
def bowl(yen):
    return save_product(merchant=yen, name="Bowl", variants=[VariantData("", "B-1", 1280)])


@given(st.sampled_from(WHOLE), st.integers(0, 999_999_999))
def test_an_amount_is_itself(currency, amount):
    assert plain(amount, currency) == str(amount)
    assert parse(str(amount), currency) == amount
    assert parse(f"{amount:,}.00", currency) == amount
    assert parse(f"{amount}.50", currency) is None


@given(st.sampled_from(WHOLE), prices, st.integers(-99, 1000))
def test_percents_are_rounded_to_the_nearest_whole_one(currency, price, percent):
    fresh = Repricing(Way.PERCENT, percent, unit=unit(currency)).of(price)
    exact = price * (100 + percent) / 100
    if fresh is None:
        assert exact < 0.5 or exact > MOST
    else:
        assert abs(fresh - exact) <= 0.5


@given(prices, st.integers(-99, 1000))
def test_yuan_stay_whole_and_fen_stay_near(price, percent):
    fresh = Repricing(Way.PERCENT, percent).of(price * 100)
    if fresh is not None and fresh >= 100:
        assert fresh % 100 == 0
        assert abs(fresh - price * (100 + percent)) <= 50


@given(
    st.sampled_from([*WHOLE, "CNY"]), st.integers(1, 9_999),
    st.sampled_from(["cheaper_amount", "dearer_amount", "fixed"]),
)  # fmt: skip
def test_an_amount_typed_is_that_many_whole_ones(currency, number, way):
    form = GoodsForm({"way": way, "value": str(number)}, currency=currency)
    assert form.is_valid()
    sign = -1 if way.startswith("cheaper") else 1
    assert form.change().repricing.value == sign * number * unit(currency)


@given(st.sampled_from([*WHOLE, "CNY"]), st.integers(1, 99))
def test_a_percent_is_a_percent_in_every_currency(currency, number):
    form = GoodsForm({"way": "cheaper_percent", "value": str(number)}, currency=currency)
    assert form.is_valid()
    repricing = form.change().repricing
    assert (repricing.value, repricing.unit) == (-number, unit(currency))


@pytest.mark.django_db
def test_many_prices_change_by_yen(yen, bowl, alice):
    form = GoodsForm({"way": "dearer_amount", "value": "20"}, currency="JPY")
    assert form.is_valid()
    change_goods(merchant=yen, products=[bowl.pk], change=form.change(), by=alice)
    assert bowl.variants.get().price == 1300
    tenth = GoodsChange(repricing=Repricing(Way.PERCENT, -7, unit=1))
    change_goods(merchant=yen, products=[bowl.pk], change=tenth, by=alice)
    assert bowl.variants.get().price == 1209


@pytest.mark.django_db
def test_a_shop_in_dollars_is_asked_for_dollars(shop, as_alice):
    shop.currency = "USD"
    shop.save()
    page = as_alice.get(f"/dashboard/{shop.slug}/products/new/").text
    assert "¥" not in page
    assert page.count("$</span>") > 1


@pytest.mark.django_db
def test_the_preview_shows_no_cents(yen, bowl, as_alice):
    sent = {"do": "preview", "products": bowl.public_id, "way": "cheaper_percent", "value": "10"}
    page = as_alice.post(f"/dashboard/{yen.slug}/products/bulk/", sent)
    assert page.status_code == 200
    assert "1,152" in page.text
    assert "1,152<small>" not in page.text
    assert "1,152.00" not in page.text


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_in_yen_goes_in_out_and_in(yen, done, checked, as_alice, kind):
    batch = done("name,sku,price,price before\nCup,C,￥1,200\nPot,P,\"2,980.00\",\"3,500\"\n"
                 .replace("￥1,200", '"¥1,200"'))  # fmt: skip
    assert batch.counts.get("bad") is None
    found = dict(Variant.objects.values_list("sku", "price"))
    assert found == {"C": 1200, "P": 2980}
    content = as_alice.get(f"/dashboard/{yen.slug}/export/", {"as": kind}).content
    assert b"1200.00" not in content
    again = checked(content, f"goods.{kind}")
    assert again.counts["same"] == 2


@pytest.mark.django_db
def test_half_a_yen_is_told_at_its_cell(yen, checked):
    batch = checked("name,sku,price\nCup,C,12.5\n")
    assert [p[:2] for p in batch.rows.get().problems] == [["price", "not_an_amount"]]


@pytest.mark.django_db
def test_the_page_of_a_product_takes_yen(yen, bowl, as_alice):
    path = f"/dashboard/{yen.slug}/products/{bowl.public_id}/"
    page = as_alice.get(path)
    row = page.context["variants"].forms[0]
    assert row["price"].value() == "1280"
    sent = {"name": "Bowl", "state": "on_sale", "version": bowl.version}
    sent |= {"variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "1"}
    sent |= {"variants-0-id": bowl.variants.get().pk, "variants-0-sku": "B-1"}
    sent |= {"variants-0-price": "1,480", "variants-0-low_stock": "5"}
    assert as_alice.post(path, sent).status_code == 302
    assert bowl.variants.get().price == 1480
