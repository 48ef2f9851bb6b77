"""What a tampered, torn or strange checkout does: a sentence and nothing else, at shop and room."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.models import AnsweredRequest, Customer, Reservation, Stock, StockMovement
from merchants.selectors.invariant import offenders
from orders.models import Coupon, LedgerEntry, Line, Order, Payment, Voucher
from orders.services.coupon import claim_coupon, issue_coupon

WATCHED = (Order, Line, Payment, LedgerEntry, Stock, StockMovement, Reservation, Voucher, Coupon)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
HOME = {
    "name": "沈梅",
    "phone": "138 0013 8000",
    "method": "delivery",
    "region": "CN-ZJ",
    "city": "杭州",
    "address": "上城区 清河坊 12 号",
}


@pytest.fixture(params=["shop", "room"])
def checkout(request, client: Client, live, variant) -> str:
    """Where goods are bought, by somebody who has a session."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    path = (
        "/orders/checkout/tea/" if request.param == "shop" else f"/live/{live.public_id}/checkout/"
    )
    assert client.get(path, {"variant": variant.pk, "quantity": 1}).status_code == 200
    return path


@pytest.fixture
def theirs(other_shop, client) -> Voucher:
    """A voucher of this very device, of another shop."""
    now = timezone.now()
    coupon = issue_coupon(
        merchant=other_shop,
        name="c",
        amount=9900,
        issued=9,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=1),
    )
    device = client.session.get("device") or str(uuid.uuid4())
    customer = Customer.objects.create(merchant=other_shop, device=device)
    return claim_coupon(coupon=coupon, customer=customer)


def filled(client: Client, path: str, variant: int, quantity: int = 1) -> dict[str, object]:
    """The form of that page, as somebody fills it in who means well."""
    page = client.get(path, {"variant": variant, "quantity": quantity})
    return dict(HIDDEN.findall(page.text)) | {"variant": variant, "quantity": quantity} | HOME


def rows() -> list:
    """Every byte of what money and goods are written in."""
    return [list(model.objects.order_by("pk").values()) for model in WATCHED]


QUANTITIES = ["-1", "0", "1.5", str(2**31), str(2**63), "1e3", "", " ", "一", "0x2", "NaN", "1\0"]
TAMPERED = {
    **{f"quantity {one!r}": {"quantity": one} for one in QUANTITIES},
    "another sum": {"expected_total": "1"},
    "no sum": {"expected_total": ""},
    "a sum of nothing": {"expected_total": "0"},
    "a sum below nothing": {"expected_total": "-16800"},
    "a sum without end": {"expected_total": "9" * 40},
    "half a cent": {"expected_total": "16800.5"},
    "a way that is none": {"method": "drone"},
    "a place that is none": {"region": "XX-XX"},
    "a key that is none": {"key": "1 OR 1=1"},
    "no number": {"phone": "not a number"},
    "no name": {"name": ""},
    "a name without end": {"name": "梅" * 4000},
    "a name with a hole": {"name": "沈\0梅"},
}


@pytest.mark.parametrize("wrong", TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_writes_nothing(client, checkout, variant, wrong):
    form = filled(client, checkout, variant.pk)
    before = rows()
    answer = client.post(checkout, form | wrong)
    assert answer.status_code in {409, 422}, answer.status_code
    assert rows() == before
    assert client.post(checkout, form).status_code in {200, 302}  # the control: as it was, it sells
    assert Order.objects.count() == 1


IGNORED = {
    "price": {"price": "1", "unit_price": "1", "list_price": "1"},
    "total": {"total": "1", "goods": "1", "discount": "16799"},
    "currency": {"currency": "IDR"},
    "shipping": {"shipping": "-16800", "rate": "0"},
    "merchant": {"merchant": "other", "merchant_id": "2"},
    "a voucher that is none": {"voucher": "999999", "coupons": "999999-"},
    "a voucher without end": {"voucher": "9" * 18},
    "state": {"state": "paid", "paid_at": "2026-01-01"},
}


@pytest.mark.parametrize("more", IGNORED.values(), ids=IGNORED)
def test_what_nobody_asked_for_is_not_heard(client, checkout, variant, shop, more):
    form = filled(client, checkout, variant.pk)
    assert client.post(checkout, form | more).status_code in {200, 302}
    order = Order.objects.get()
    assert (order.merchant, order.currency, order.state) == (shop, "CNY", "pending_payment")
    assert order.total == order.goods + order.shipping == int(form["expected_total"])
    assert (order.goods, order.discount, order.voucher) == (variant.price, 0, None)


def test_goods_stores_and_coupons_of_another_shop_are_none(
    client, checkout, variant, foreign_product, other_shop, theirs
):
    form = filled(client, checkout, variant.pk)
    before = rows()
    place = other_shop.stores.get().pk
    for wrong in (
        {"variant": foreign_product.variants.get().pk},
        {"variant": [variant.pk, foreign_product.variants.get().pk], "quantity": [1, 1]},
        {"method": "pickup", "store": place},
        {"voucher": theirs.pk, "coupons": f"{theirs.pk}-", "expected_total": variant.price - 9900},
    ):
        assert client.post(checkout, form | wrong).status_code in {409, 422}, wrong
        assert rows() == before, wrong
    # At the whole price it takes nothing off, and is not used up.
    whole = {"voucher": theirs.pk, "coupons": f"{theirs.pk}-"}
    assert client.post(checkout, form | whole).status_code in {200, 302}
    order = Order.objects.get()
    assert (order.voucher, order.discount, order.goods) == (None, 0, variant.price)
    theirs.refresh_from_db()
    assert theirs.state == "claimed"


def test_a_wide_digit_is_a_digit(client, checkout, variant):
    """Typed with a Chinese keyboard: １ is one."""
    form = filled(client, checkout, variant.pk)
    assert client.post(checkout, form | {"quantity": "１"}).status_code in {200, 302}
    assert Line.objects.get().quantity == 1


RARE = {
    "rare hanzi": "𠮷野家 𡃁仔 㐂 䶮 巷 3 号",
    "emoji": "👩‍👩‍👧 之家 🏠",
    "joined letters": "ﬁrst ﬂoor Ⅻ ㍿",
    "from right to left": "شارع ١٢ רחוב",
    "marks on marks": "Cafe\u0301 Ã̷̢ 5",
    "as code": "<script>alert(1)</script> '; DROP TABLE orders_order; -- {{ 7*7 }}",
    "as a formula": '=HYPERLINK("http://x")',
}


@pytest.mark.parametrize("address", RARE.values(), ids=RARE)
def test_an_address_in_rare_signs_is_kept_and_shown_as_it_is(
    client, as_alice, checkout, variant, address
):
    form = filled(client, checkout, variant.pk)
    answer = client.post(checkout, form | {"address": address, "name": "𠮷田"})
    assert answer.status_code in {200, 302}
    order = Order.objects.get()
    assert order.name == "𠮷田"
    assert [one for one in order.address if not one.isspace()] == [
        one for one in address if not one.isspace()
    ]
    page = as_alice.get(f"/dashboard/tea/orders/{order.number}/").text
    assert "<script>alert" not in page
    assert order.address.split()[0].replace("<", "&lt;").replace(">", "&gt;").split("=")[0] in page


def test_half_a_sign_is_refused_and_no_error_page(client, checkout, variant):
    """%ED%A0%80: the first half of a pair, which is no text in any encoding."""
    form = filled(client, checkout, variant.pk)
    before = rows()
    body = "&".join(f"{key}={value}" for key, value in form.items()) + "&note=%ED%A0%80%FF"
    answer = client.post(checkout, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code < 500
    assert rows() == before or Order.objects.get().note.isprintable()


def test_pressed_twice_it_is_one_order_and_with_another_wish_none(client, checkout, variant):  # P2
    form = filled(client, checkout, variant.pk)
    assert client.post(checkout, form).status_code in {200, 302}
    before = rows(), AnsweredRequest.objects.count()
    assert client.post(checkout, form).status_code in {200, 302}
    assert (rows(), AnsweredRequest.objects.count()) == before
    other = form | {"address": "elsewhere"}
    assert client.post(checkout, other).status_code in {409, 422}
    assert rows() == before[0]
    assert Stock.objects.aggregate(held=Sum("reserved"))["held"] == 1
    assert [str(one) for one in offenders(ALL, timezone.now())] == []
