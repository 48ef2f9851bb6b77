"""Checkout as a shopper meets it: what it offers, what it refuses, and whether the sums add up."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.services.drop import open_drop
from livestream.services.room import make_room, schedule_room
from livestream.services.shelf import set_item
from merchants.models import Stock, Store
from merchants.rules.stock import Reason
from merchants.selectors.share import mark_of
from merchants.services.stock import change_stock
from orders.models import Order, Voucher
from orders.services.coupon import claim_coupon
from orders.services.order import Contact

URL = reverse("track:checkout", args=["tea"])
EXPORT = reverse("orders:order_export", args=["tea"])
EN = {"Accept-Language": "en"}
HOME = {"region": "CN-ZJ", "city": "杭州", "address": "清河坊 12"}


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def second(shop) -> Store:
    return shop.stores.create(name="West Lake", city="Hangzhou", position=9)


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def ask(client, variant) -> Callable[..., str]:
    def ask(**choice):
        return client.get(URL, {"variant": variant.pk, "quantity": 1, **choice}).text

    return ask


@pytest.fixture
def typed(ask) -> Callable[..., dict[str, str]]:
    def typed(quantity=1, **changes):
        return {
            **hidden(ask(quantity=quantity, method=changes.get("method", "delivery"))),
            "name": "沈梅",
            "phone": "138 0013 8000",
            "method": "delivery",
            "region": "CN-ZJ",
            "city": "杭州",
            "address": "上城区 清河坊 12 号",
            **changes,
        }

    return typed


def test_an_order_in_the_shop_says_by_whose_link_she_came(
    client, typed, shop, longjing, host, as_alice
):
    client.get(reverse("shop:product", args=["tea", longjing.public_id]), {"c": mark_of(host)})
    assert client.post(URL, typed()).status_code == 302
    order = Order.objects.get()
    assert order.shared_by == host.user
    page = as_alice.get(reverse("orders:order_detail", args=["tea", order.number]), headers=EN)
    assert f"Came by {host.user}’s link" in page.text
    rows = list(csv.DictReader(as_alice.get(EXPORT, headers=EN).text.lstrip("\ufeff").splitlines()))
    assert [row["Brought by"] for row in rows] == [str(host.user)]


# --- collection ---------------------------------------------------------------------------------


def test_it_is_collected_only_where_all_of_it_lies(ask, store, second, variant):
    change_stock(variant=variant, store=second, delta=1, reason=Reason.RECEIVED, by=None)
    page = ask(quantity=2)
    assert f'<option value="{store.pk}"' in page
    assert f'<option value="{second.pk}"' not in page
    assert f"{second.name}: only 1 of {variant}" in words(page)


def test_with_no_shop_that_has_all_it_is_only_sent(ask, client, typed, store, second, variant):
    change_stock(variant=variant, store=second, delta=5, reason=Reason.RECEIVED, by=None)
    page = ask(quantity=12)  # ten here, five there
    assert 'value="pickup"' not in page
    assert "No shop has all of it for collection now." in page
    forced = client.post(URL, typed(quantity=12, method="pickup", store=store.pk))
    assert forced.status_code == 422
    assert "Have it sent instead." in forced.text
    assert "清河坊 12 号" in forced.text
    assert client.post(URL, typed(quantity=12)).status_code == 302


def test_a_parcel_minds_no_store_that_the_browser_sends_along(client, typed, store):
    assert client.post(URL, typed(store=store.pk)).status_code == 302
    order = Order.objects.get()
    assert order.store is None
    assert "清河坊" in order.whole_address


def test_a_shop_that_has_sold_it_meanwhile_is_named(client, typed, store, second, variant):
    change_stock(variant=variant, store=second, delta=1, reason=Reason.RECEIVED, by=None)
    form = typed(method="pickup", store=second.pk)
    change_stock(variant=variant, store=second, delta=-1, reason=Reason.COUNTER_SALE, by=None)
    answer = client.post(URL, form)
    assert answer.status_code == 422
    assert "This shop does not have all of it." in answer.text
    assert not Order.objects.exists()


def test_the_last_look_says_where_it_is_short(shop, dan, store, second, variant):
    from orders.errors import NotAtStore
    from orders.services.order import place_order

    contact = Contact(name="沈梅", phone="+8613800002688", store=second)
    with pytest.raises(NotAtStore, match="West Lake has only 0 of"):
        place_order(
            merchant=shop, customer=dan, basket={variant.pk: 1}, contact=contact, language="en"
        )


# --- how many -----------------------------------------------------------------------------------


def test_more_than_there_are_is_said_at_once(ask):
    page = words(ask(quantity=11))
    assert "Only 10 left of 明前龙井. Take fewer." in page
    assert "Choose again" in page


def test_what_went_meanwhile_is_said_and_nothing_typed_is_lost(client, typed, store, variant):
    form = typed(quantity=3)
    change_stock(variant=variant, store=store, delta=-8, reason=Reason.COUNTER_SALE, by=None)
    answer = client.post(URL, form)
    assert answer.status_code == 409
    assert "Only 2 left of 明前龙井. Take fewer." in answer.text
    assert "清河坊 12 号" in answer.text


# --- sums ---------------------------------------------------------------------------------------


def amounts(html: str) -> list[Decimal]:
    found = re.findall(r"([−-])?\s*¥([\d,]+\.\d\d)", re.sub(r"<[^>]+>", "", html))
    return [Decimal(sign.replace("−", "-") + text.replace(",", "")) for sign, text in found]


def check_sum(html: str) -> list[Decimal]:
    """The printed rows of the sum add up, and the first is what the printed lines add up to."""
    rows = re.search(r'<dl class="sum.*?</dl>', html, re.S)
    assert rows is not None
    *parts, total = amounts(rows[0])
    lines = [
        amount
        for line in re.findall(r"<span data-line>(.*?)</span></span>", html, re.S)
        for amount in amounts(line)
    ]
    assert lines
    assert sum(lines) == parts[0]
    assert sum(parts) == total
    return [*parts, total]


def test_every_page_adds_up_with_a_live_price_and_a_coupon(
    client, as_bob, live, variant, coupon, longjing
):
    set_item(item=live.items.get(product=longjing), live_price=13800, notes="")
    url = reverse("watch:checkout", args=[live.public_id])
    choice = {"variant": variant.pk, "quantity": 2}
    client.get(url, choice)
    from merchants.device import known_guest
    from merchants.models import Customer

    device = client.session["device"]
    guest = Customer.objects.create(merchant=live.merchant, device=device)
    assert known_guest(client.session, live.merchant) == guest
    claim_coupon(coupon=coupon, customer=guest)
    page = client.get(url, choice).text
    assert check_sum(page) == [Decimal(276), Decimal(-20), Decimal(0), Decimal(256)]
    assert '<s class="was num">¥336.00</s>' in page
    contact = {"name": "沈梅", "phone": "13800138000", "method": "delivery", **HOME}
    assert client.post(url, hidden(page) | contact).status_code == 302
    order = Order.objects.get()
    assert Voucher.objects.get().state == "redeemed"
    for reader, address in (
        (client, reverse("track:order", args=[order.number])),
        (as_bob, reverse("orders:order_detail", args=["tea", order.number])),
    ):
        page = reader.get(address).text
        assert check_sum(page)[-1] == Decimal(256)
        assert '<s class="was num">¥336.00</s>' in page


def test_shipping_is_a_row_of_its_own(client, cup):
    choice = {"variant": cup.variants.get().pk, "quantity": 1}
    assert check_sum(client.get(URL, choice).text) == [Decimal(29), Decimal(8), Decimal(37)]


# --- what is remembered -------------------------------------------------------------------------


def test_the_remembered_number_looks_as_it_is_typed_and_is_taken(client, typed, ask):
    assert client.post(URL, typed()).status_code == 302
    page = ask()
    phone = re.search(r'name="phone" value="([^"]*)"', page)
    assert phone is not None
    assert phone[1] == "138 0013 8000"
    assert client.post(URL, typed(phone=phone[1])).status_code == 302


def test_the_last_one_of_a_store_pressed_twice_is_one_order(client, typed, store, variant):  # P2
    Stock.objects.filter(variant=variant, store=store).update(on_hand=1, reserved=0)
    form = typed(method="pickup", store=store.pk, expected_total=16800)
    answers = [client.post(URL, form) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert client.post(URL, form | {"note": "another"}).status_code == 422


def test_a_form_sent_again_takes_nothing_off_the_pace(client, typed, settings):
    settings.OPEN_ORDERS = 100
    forms = [typed() for _one in range(10)]
    for form in [*forms, *forms]:
        assert client.post(URL, form).status_code == 302
    assert Order.objects.count() == 10
    assert client.post(URL, typed()).status_code == 429
    assert client.post(URL, forms[0]).status_code == 302


# --- how often -----------------------------------------------------------------------------------


def test_one_device_holds_only_so_many_unpaid_orders(client, typed, settings):
    settings.OPEN_ORDERS = 2
    for _ in range(2):
        assert client.post(URL, typed()).status_code == 302
    answer = client.post(URL, typed(note="two layers"))
    assert answer.status_code == 429
    assert "Several orders wait for your payment already." in answer.text
    assert "two layers" in answer.text
    assert Order.objects.count() == 2


def test_one_number_holds_only_so_many_from_any_device(client, typed, settings):
    settings.OPEN_ORDERS = 1
    form = typed()
    assert client.post(URL, form).status_code == 302
    assert client.post(URL, form).status_code == 302  # the same form is the same order
    client.cookies.clear()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert client.post(URL, typed()).status_code == 429
    client.cookies.clear()
    assert client.post(URL, typed(phone="13900000000")).status_code == 302


def test_one_address_orders_only_so_often(client, typed, settings):
    settings.ORDERS_PER_ADDRESS = 2
    codes = []
    for number in range(3):
        client.cookies.clear()
        form = typed(phone=f"1390000{number:04}", note="two layers")
        answer = client.post(URL, form, REMOTE_ADDR="203.0.113.7")
        codes.append(answer.status_code)
    assert codes == [302, 302, 429]
    assert "Wait a few minutes, then press again." in answer.text
    assert "two layers" in answer.text
    assert client.post(URL, form, REMOTE_ADDR="203.0.113.8").status_code == 302


def test_coupons_and_reminders_have_their_pace(
    client, live, coupon, shop, host, longjing, settings
):
    settings.ORDERS_PER_ADDRESS = 1
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    claim = reverse("watch:claim", args=[live.public_id, drop.public_id])
    codes = []
    for _ in range(11):
        client.cookies.clear()
        codes.append(client.post(claim, REMOTE_ADDR="203.0.113.9").status_code)
    assert codes == [200] * 10 + [429]
    room = schedule_room(
        room=make_room(
            merchant=shop,
            host=host,
            title="Autumn tea",
            starts_at=timezone.now() + timedelta(hours=3),
            products=[longjing],
        )
    )
    remind = reverse("watch:reminder", args=[room.public_id])
    for number in range(3):
        client.cookies.clear()
        data = {"email": f"{number}@example.com"}
        last = client.post(remind, data, headers={"HX-Request": "true"}, REMOTE_ADDR="203.0.113.9")
    assert last.status_code == 429
    assert "Wait a few minutes" in last.text
    assert "2@example.com" in last.text
