"""Her orders on another device, by a code to the phone number that she ordered with."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.models import Customer, Notification
from merchants.pace import AGAIN, CODE_SENT, TRIES
from merchants.selectors.invariant import offenders
from orders.hers import KEPT, PHONES
from orders.models import Order, Voucher
from orders.services.coupon import claim_coupon, issue_coupon
from orders.services.order import place_order
from tests.conftest import DAN

SENT: list[Notification] = []
OTHER = "13900139000"


class Gateway:
    """A provider that takes everything."""

    def send(self, notification: Notification) -> None:
        SENT.append(notification)


class Broken:
    def send(self, notification: Notification) -> None:
        raise ConnectionError("no route")


@pytest.fixture(autouse=True)
def _gateway(db, settings, client):
    settings.SMS_GATEWAY = f"{__name__}.Gateway"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    caches["own"].clear()
    SENT.clear()


def ask(client, number: str = DAN.phone):
    return client.post(reverse("track:find"), {"phone": number})


def code() -> str:
    found = re.search(r"\b\d{6}\b", SENT[-1].body)
    assert found
    return found[0]


def wrong() -> str:
    return f"{(int(code()) + 1) % 1_000_000:06}"


def tell(client, typed: str):
    return client.post(reverse("track:find_code"), {"code": typed}, follow=True)


def a_minute_later(client) -> None:
    session = client.session
    session[CODE_SENT] -= AGAIN
    session.save()


def plain(page: str) -> str:
    """What a page says, without what is typed, hidden or masked in it."""
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r'1\d\d \*\*\*\* \d{4}|value="\w*"', "", main)


def test_the_right_code_brings_her_orders_and_what_she_may_do(client, order):
    track = reverse("track:order", args=[order.number])
    assert order.number not in client.get(reverse("track:mine")).text
    assert "Cancel the order" not in client.get(track).text
    ask(client)
    assert SENT[-1].to == DAN.phone
    assert order.number in tell(client, code()).text
    assert "Cancel the order" in client.get(track).text
    client.post(reverse("track:cancel", args=[order.number]))
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_a_code_is_taken_as_people_type_it(client, order):
    ask(client)
    typed = code().translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert order.number in tell(client, f" {typed[:3]} {typed[3:]} ").text


def test_a_number_that_bought_nothing_gets_the_same_pages_until_the_code(client, order):
    stranger = Client(headers={"Accept-Language": "en"})
    pages = []
    for browser, number in ((client, DAN.phone), (stranger, OTHER)):
        asked = ask(browser, number)
        page = browser.get(asked["Location"]).text
        refused = tell(browser, wrong()).text
        said = [plain(one) for one in (page, refused)]
        pages.append([asked.status_code, asked["Location"], *said])
    assert pages[0] == pages[1]
    assert len(SENT) == 2, "every number gets a code"
    assert "Nothing was bought with this number yet." in tell(stranger, code()).text


def test_a_wrong_code_shows_nothing_and_after_some_the_right_one_neither(client, order):
    ask(client)
    right, bad = code(), wrong()
    for _try in range(TRIES):
        assert "This is not the code that we sent." in tell(client, bad).text
    assert "This code is no longer good." in tell(client, right).text
    assert order.number not in client.get(reverse("track:mine")).text


def test_the_code_of_another_browser_or_number_opens_nothing(client, order):
    other = Client()
    ask(other, OTHER)
    theirs = code()
    ask(client)
    if theirs != code():
        assert order.number not in tell(client, theirs).text
    assert tell(Client(), code()).redirect_chain[-1][0] == reverse("track:find")


def test_a_code_ends_after_ten_minutes_and_is_good_once(client, order):
    ask(client)
    session = client.session
    session["finding"] |= {"until": 0}
    session.save()
    assert "This code is no longer good." in tell(client, code()).text
    a_minute_later(client)
    ask(client)
    tell(client, code())
    assert tell(client, code()).redirect_chain[-1][0] == reverse("track:find")


def test_a_minute_lies_between_two_codes(client):
    ask(client)
    assert ask(client).status_code == 429
    assert len(SENT) == 1


def test_one_number_is_not_called_without_end(order):
    for _browser in range(9):
        ask(Client())
    assert len(SENT) == 5


def test_nothing_keeps_the_code(client, order):
    ask(client)
    kept = [str(one.get_decoded()) for one in Session.objects.all()]
    assert not any(code() in one for one in kept)
    assert not Notification.objects.filter(kind="code").exists()


def test_what_was_shown_is_forgotten_after_a_season(client, order):
    ask(client)
    tell(client, code())
    session = client.session
    session[PHONES] = {number: at - KEPT for number, at in session[PHONES].items()}
    session.save()
    assert order.number not in client.get(reverse("track:mine")).text


def test_a_message_that_does_not_go_out_is_said(client, settings, order):
    settings.SMS_GATEWAY = f"{__name__}.Broken"
    answer = ask(client)
    assert answer.status_code == 503
    assert "did not go out" in answer.text
    assert client.get(reverse("track:find_code"))["Location"] == reverse("track:find")


@pytest.mark.parametrize("typed", ["", "12", "nobody", "\0", "0571 8800 1234", "1" * 60])
def test_what_is_no_mobile_number_gets_a_sentence(client, typed):
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors["phone"]
    assert not SENT


@pytest.mark.parametrize("typed", ["", "\0", "1" * 60, "abc", "１２"])
def test_hostile_codes_are_only_wrong(client, order, typed):
    ask(client)
    answer = client.post(reverse("track:find_code"), {"code": typed})
    assert answer.status_code == 422


# --- her coupons ----------------------------------------------------------------------------------


def on_the_first_device(order, coupon) -> Voucher:
    """A coupon claimed on the device that ordered; the number is known from elsewhere before."""
    guest = Customer.objects.create(merchant=order.merchant, device=uuid.uuid4())
    Order.objects.filter(pk=order.pk).update(device=guest.device)
    Customer.objects.filter(pk=order.customer_id).update(phone=DAN.phone)
    return claim_coupon(coupon=coupon, customer=guest)


def holds(client, voucher: Voucher) -> bool:
    shown = reverse("track:voucher", args=[voucher.code])
    return shown in client.get(reverse("track:vouchers")).text


def test_her_wallet_comes_along_to_the_other_device(client, order, coupon):
    first = on_the_first_device(order, coupon)
    other = claim_coupon(coupon=coupon, customer=order.customer)  # on the customer's own row
    assert not holds(client, first)
    page = client.get(reverse("track:vouchers")).text
    assert "Find them by the phone number that you ordered with" in page
    ask(client)
    tell(client, code())
    assert holds(client, first)
    assert holds(client, other)
    assert not holds(Client(), first)


def test_who_got_a_present_does_not_get_the_givers_coupons(client, order, coupon, variant):
    """Her own orders have her number; one had the friend's, who now shows it to be his."""
    first = on_the_first_device(order, coupon)
    device = Order.objects.get(pk=order.pk).device
    facts = {"merchant": order.merchant, "customer": order.customer, "language": "en"}
    her_own = replace(DAN, phone="+8613900000005")
    place_order(basket={variant.pk: 1}, contact=her_own, device=device, **facts)
    ask(client)
    tell(client, code())
    assert not holds(client, first)


def test_a_code_for_another_number_brings_nobody_elses_coupons(client, order, coupon):
    first = on_the_first_device(order, coupon)
    ask(client, OTHER)
    tell(client, code())
    assert not holds(client, first)


def test_at_another_shop_the_same_device_is_a_stranger(client, order, coupon, other_shop):
    """What she typed at one shop opens nothing at another, where she typed it not."""
    on_the_first_device(order, coupon)
    order.refresh_from_db()
    there = Customer.objects.create(merchant=other_shop, device=order.device)
    facts = {"amount": 100, "threshold": 200, "issued": 5, "starts_at": coupon.starts_at}
    offer = issue_coupon(merchant=other_shop, name="o", ends_at=coupon.ends_at, **facts)
    voucher = claim_coupon(coupon=offer, customer=there)
    ask(client)
    tell(client, code())
    assert not holds(client, voucher)


def test_her_coupon_is_used_on_the_other_device_and_once_only(client, order, coupon, variant):
    voucher = on_the_first_device(order, coupon)
    ask(client)
    tell(client, code())
    address = reverse("track:checkout", args=[order.merchant.slug])
    page = client.get(address, {"variant": variant.pk, "quantity": 1}).text
    assert coupon.name in page
    form = {
        "variant": variant.pk,
        "quantity": 1,
        "name": "沈梅",
        "phone": DAN.phone,
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "address": "清河坊 12 号",
        "voucher": voucher.pk,
        "expected_total": 16800 - 2000,
        "key": str(uuid.uuid4()),
    }
    assert client.post(address, form).status_code == 302
    assert Order.objects.filter(voucher=voucher, total=14800).exists()
    voucher.refresh_from_db()
    assert voucher.state == "redeemed"
    assert [str(one) for one in offenders(ALL, timezone.now())] == []
