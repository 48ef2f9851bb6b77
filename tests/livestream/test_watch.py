"""A shopper's pages and sheets: watch, claim, buy, be reminded."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from livestream.errors import NotOnTheShelf, SellsNothing
from livestream.models import Reminder, Sale
from livestream.services import reminder as reminders
from livestream.services.drop import open_drop
from livestream.services.reminder import announce_rooms, remind
from livestream.services.room import cancel_room, change_room, end_room, start_room
from livestream.services.shelf import remove_item, set_item, show_item
from merchants.models import Customer, Notification, Reservation
from merchants.selectors.share import mark_of
from orders.errors import NotTogether
from orders.models import Order, Voucher

HX = {"HX-Request": "true"}


def form_of(html: str) -> dict[str, str]:
    """The hidden values of a rendered form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


@pytest.fixture
def url(live):
    def url(name, *args):
        return reverse(f"watch:{name}", args=[live.public_id, *args])

    return url


@pytest.fixture
def sheet(client, url, variant):
    """A filled checkout form, as the sheet of the room sends it."""

    def sheet(**changes):
        answer = client.get(url("checkout"), {"variant": variant.pk, "quantity": 1}, headers=HX)
        assert answer.status_code == 200
        return {
            **form_of(answer.text),
            "name": "沈梅",
            "phone": "138 0013 8000",
            "method": "delivery",
            "region": "CN-ZJ",
            "city": "杭州",
            "address": "上城区 清河坊 12 号",
            **changes,
        }

    return sheet


def test_anybody_may_watch(client, live, url):
    show_item(room=live, item=live.items.first())
    page = client.get(url("room"))
    assert page.status_code == 200
    assert f"/hls/{live.public_id}/ll.m3u8" in page.text
    assert "明前龙井" in page.text


def test_the_room_page_costs_the_same_however_long_the_shelf(
    client, live, url, shop, django_assert_max_num_queries
):
    from livestream.services.shelf import add_to_shelf
    from tests.conftest import product_of

    client.get(url("room"))
    for number in range(30):
        add_to_shelf(room=live, product=product_of(shop, f"Tea {number}", 1000, 1))
    with django_assert_max_num_queries(12):
        assert client.get(url("room")).status_code == 200


def test_each_state_has_its_page(client, scheduled):
    url = reverse("watch:room", args=[scheduled.public_id])
    assert "data-until" in client.get(url).text
    end_room(room=start_room(room=scheduled))
    assert client.get(url).status_code == 200
    assert "ll.m3u8" not in client.get(url).text


def test_a_draft_and_a_banned_room_are_not_there(client, room):
    assert client.get(reverse("watch:room", args=[room.public_id])).status_code == 404


def test_a_cancelled_room_says_so(client, scheduled):
    cancel_room(room=scheduled)
    assert client.get(reverse("watch:room", args=[scheduled.public_id])).status_code == 200


def test_she_buys_at_the_live_price_without_signing_in(client, live, url, sheet, variant):
    set_item(item=live.items.get(product=variant.product), live_price=13800, notes="")
    answer = client.post(url("checkout"), sheet(), headers=HX)
    order = Order.objects.get()
    assert answer.status_code == 200
    assert f"/orders/{order.number}/pay/" in answer.text
    assert (order.total, order.phone) == (13800, "+8613800138000")
    assert Sale.objects.get().room == live
    assert client.post(f"/orders/{order.number}/pay/", headers=HX).status_code == 200
    order.refresh_from_db()
    assert order.state == "paid"
    assert order.number in client.get("/orders/").text


@pytest.mark.parametrize("alone", [False, True])
def test_an_order_says_by_whose_link_she_came(
    client, live, url, sheet, host, monkeypatch, django_assert_num_queries, alone
):
    """Bought with the crowd or by itself, and for no question more."""
    if alone:
        monkeypatch.setattr("livestream.views.watch.buy_together", _not_together)
    client.post(url("checkout"), sheet(), headers=HX)  # the guest is known from now on
    form = sheet()
    with CaptureQueriesContext(connection) as before:
        client.post(url("checkout"), form, headers=HX)
        asked = len(before)
    client.get(url("room"), {"c": mark_of(host)})
    form = sheet()
    with django_assert_num_queries(asked):
        client.post(url("checkout"), form, headers=HX)
    by_link, without, first = Order.objects.all()
    assert (by_link.shared_by, without.shared_by, first.shared_by) == (host.user, None, None)


def _not_together(*_args):
    raise NotTogether


def test_a_link_outlives_the_account_of_who_handed_it_on(client, url, sheet, host, as_alice):
    """Nothing keeps her from buying, and the pages show nobody."""
    client.get(url("room"), {"c": mark_of(host)})
    host.user.delete()
    assert client.post(url("checkout"), sheet(), headers=HX).status_code == 200
    order = Order.objects.get()
    detail = as_alice.get(reverse("orders:order_detail", args=["tea", order.number]))
    assert detail.status_code == 200
    assert "分享带来" not in detail.text
    table = as_alice.get(reverse("orders:order_export", args=["tea"])).text
    assert order.number in table


def test_a_double_click_is_one_order(client, url, sheet):  # P2
    form = sheet()
    first = client.post(url("checkout"), form, headers=HX)
    second = client.post(url("checkout"), form, headers=HX)
    assert first.status_code == second.status_code == 200
    assert Order.objects.count() == Reservation.objects.count() == 1


def test_a_form_sent_again_after_a_lost_answer_is_one_order(client, url, sheet):  # P2
    form = sheet()
    cookies = {name: one.value for name, one in client.cookies.items()}  # what the browser has
    for _ in range(2):
        client.cookies.load(cookies)
        assert client.post(url("checkout"), form, headers=HX).status_code == 200
        client.cookies.clear()  # the answer never came, nor its cookies
    assert Order.objects.count() == 1


def test_a_double_click_on_pay_charges_once(client, url, sheet):
    client.post(url("checkout"), sheet(), headers=HX)
    order = Order.objects.get()
    for _ in range(2):
        assert client.post(f"/orders/{order.number}/pay/").status_code == 302
    assert order.payments.count() == 1
    assert [step.state for step in order.steps.all()] == ["paid"]


def test_the_coupon_is_claimed_and_saves_at_checkout(client, live, url, sheet, coupon):
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    client.get(url("room"))
    assert client.post(url("claim", drop.public_id), headers=HX).status_code == 200
    again = client.post(url("claim", drop.public_id), headers=HX)
    assert again.status_code == 409
    answer = client.post(url("checkout"), sheet(), headers=HX)
    assert answer.status_code == 200
    order = Order.objects.get()
    assert (order.discount, order.total) == (2000, 14800)
    assert Voucher.objects.get().state == "redeemed"


def test_a_claimed_coupon_no_longer_asks_to_be_claimed(client, live, url, coupon):
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    client.get(url("room"))
    chip = re.compile(r"<span data-claim( hidden)?>")
    assert chip.search(client.get(url("room")).text)[1] is None
    for code in (200, 409):  # told anew, she is told to have it
        answer = client.post(url("claim", drop.public_id), headers=HX)
        assert answer.status_code == code
        assert json.loads(answer.headers["HX-Trigger"]) == {"drop:held": {"id": drop.public_id}}
    assert chip.search(client.get(url("room")).text)[1] == " hidden"


def test_nobody_uses_a_voucher_of_somebody_else(client, url, sheet, coupon, dan):
    from orders.services.coupon import claim_coupon

    stolen = claim_coupon(coupon=coupon, customer=dan)
    client.post(url("checkout"), sheet(voucher=stolen.pk), headers=HX)
    assert Order.objects.get().discount == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", "-1"),
        ("quantity", str(2**31)),
        ("quantity", "1.5"),
        ("phone", "12345"),
        ("address", "x"),
        ("name", ""),
        ("expected_total", "1"),
        ("variant", "999999"),
    ],
)
def test_bad_input_gets_a_sentence_and_orders_nothing(client, url, sheet, field, value):
    answer = client.post(url("checkout"), sheet(**{field: value}), headers=HX)
    assert answer.status_code in {409, 422}
    assert not Order.objects.exists()
    assert re.search(r'class="(error|note note--danger)', answer.text)


def test_what_was_typed_is_not_lost(client, url, sheet):
    answer = client.post(url("checkout"), sheet(phone="12", note="多裹一层"), headers=HX)
    assert "多裹一层" in answer.text
    assert "清河坊 12 号" in answer.text


def test_a_product_of_another_merchant_cannot_be_ordered(client, url, sheet, foreign_product):
    answer = client.post(
        url("checkout"), sheet(variant=foreign_product.variants.get().pk), headers=HX
    )
    assert answer.status_code == 422
    assert not Order.objects.exists()


def test_a_room_that_was_called_off_sells_nothing(client, scheduled, variant):
    checkout = reverse("watch:checkout", args=[scheduled.public_id])
    choice = {"variant": variant.pk, "quantity": 1}
    form = form_of(client.get(checkout, choice, headers=HX).text) | choice
    cancel_room(room=scheduled)
    assert str(SellsNothing()) in client.get(checkout, choice, headers=HX).text
    contact = {
        "name": "沈梅",
        "phone": "138 0013 8000",
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "address": "清河坊 12",
    }
    answer = client.post(checkout, form | contact, headers=HX)
    assert answer.status_code == 422
    assert str(SellsNothing()) in answer.text
    assert not Order.objects.exists()
    assert not Sale.objects.exists()


def test_a_room_sells_only_what_is_on_its_shelf(client, live, url, sheet, variant):
    form = sheet()
    remove_item(item=live.items.get(product=variant.product))
    choice = {"variant": variant.pk, "quantity": 1}
    assert client.get(url("checkout"), choice, headers=HX).status_code == 422
    answer = client.post(url("checkout"), form, headers=HX)
    assert answer.status_code == 422
    assert str(NotOnTheShelf()) in answer.text
    assert not Order.objects.exists()


def test_a_price_that_moved_is_shown_before_it_is_paid(client, live, url, sheet, variant):
    form = sheet()
    set_item(item=live.items.get(product=variant.product), live_price=13800, notes="")
    answer = client.post(url("checkout"), form, headers=HX)
    assert answer.status_code == 409
    assert form_of(answer.text)["expected_total"] == "13800"
    assert not Order.objects.exists()


def test_pick_up_is_free_of_shipping(client, live, url, cup, store):
    choice = {"variant": cup.variants.get().pk, "quantity": 1}
    parcel = client.get(url("checkout"), choice, headers=HX)
    pickup = client.get(url("checkout"), {**choice, "method": "pickup"}, headers=HX)
    assert form_of(parcel.text)["expected_total"] == "3700"
    assert form_of(pickup.text)["expected_total"] == "2900"


def test_a_tracking_page_shows_no_address_to_others(client, order):
    page = client.get(f"/orders/{order.number}/")
    assert page.status_code == 200
    assert order.address not in page.text
    assert order.phone not in page.text


def test_she_is_told_when_it_starts(client, scheduled):
    url = reverse("watch:reminder", args=[scheduled.public_id])
    assert client.post(url, {}, headers=HX).status_code == 422
    assert client.post(url, {"email": "dan@example.com"}, headers=HX).status_code == 200
    assert client.post(url, {"phone": "13800138000"}, headers=HX).status_code == 200
    assert Reminder.objects.get().phone == "+8613800138000"
    announce_rooms(scheduled.starts_at)
    announce_rooms(scheduled.starts_at)
    news = Notification.objects.get(kind="room_starts")
    assert (news.channel, news.to) == ("sms", "+8613800138000")


def test_she_is_told_again_when_it_is_put_off(scheduled, dan):
    remind(room=scheduled, customer=dan, email="dan@example.com", phone="", language="en")
    announce_rooms(scheduled.starts_at)
    scheduled.refresh_from_db()
    later = timezone.now() + timedelta(days=2)
    change_room(room=scheduled, title=scheduled.title, starts_at=later, host=scheduled.host)
    announce_rooms(timezone.now())
    assert Notification.objects.filter(kind="room_starts").count() == 1
    announce_rooms(later)
    assert Notification.objects.filter(kind="room_starts").count() == 2


def test_one_reminder_that_fails_does_not_silence_the_rest(scheduled, dan, shop, monkeypatch):
    other = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    for customer in (dan, other):
        email = f"{customer.pk}@example.com"
        remind(room=scheduled, customer=customer, email=email, phone="", language="en")
    real = reminders.notify

    def notify(*, to, **words):
        if to == f"{dan.pk}@example.com":
            raise RuntimeError("an odd address")
        return real(to=to, **words)

    monkeypatch.setattr(reminders, "notify", notify)
    announce_rooms(scheduled.starts_at)
    assert Notification.objects.get(kind="room_starts").to == f"{other.pk}@example.com"


@pytest.mark.parametrize("name", ["", "a", "x" * 13, "\u202e\u202e\u202e"])
def test_a_nickname_of_two_to_twelve_letters(client, name):
    assert client.post(reverse("watch:nickname"), {"nickname": name}).status_code == 422


def test_search_finds_goods_and_shops(client, live):
    assert "明前龙井" in client.get("/", {"q": "龙井"}).text
    assert "桂芳茶行" in client.get("/", {"q": "桂芳"}).text
    assert client.get("/", {"q": "<script>"}).status_code == 200
