"""What a shopper reads about her order, and what she can still do about it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from merchants.models import Notification, Stock
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import Order
from orders.payments import sandbox
from orders.rules.line import LineState, stations
from orders.services.order import move_order, place_order
from orders.services.payment import open_payment
from orders.services.shipment import hand_over, make_ready
from orders.tasks import expire_orders
from tests.conftest import DAN


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page_of(client, order: Order) -> str:
    return client.get(reverse("track:order", args=[order.number])).text


@pytest.fixture
def mine(client, order):
    """The order of this very browser."""
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=order.pk).update(device=client.session["device"])
    order.refresh_from_db()
    return order


@pytest.fixture
def pickup(client, shop, dan, variant, store):
    store.address, store.hours_note = "Qinghefang 12", "9:00–21:00"
    store.save()
    client.get(reverse("track:mine"))
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
        device=client.session["device"],
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def late(order: Order) -> None:
    """The bank opens its page, the hold runs out, the last pieces go, and then the money comes."""
    payment = open_payment(order=order, gateway=sandbox.NAME)
    Order.objects.filter(pk=order.pk).update(
        placed_at=timezone.now() - timedelta(hours=1), pay_by=timezone.now() - timedelta(minutes=1)
    )
    expire_orders()
    line = order.lines.get()
    stock = Stock.objects.get(variant=line.variant)
    change_stock(
        variant=line.variant,
        store=stock.store,
        delta=-stock.available,
        reason=Reason.COUNTER_SALE,
        by=None,
    )
    sandbox.receive(sandbox.charge(payment))


# --- collection ---------------------------------------------------------------------------------


def test_who_collects_reads_of_no_parcel(client, pickup, bob):
    page = words(page_of(client, pickup))
    assert "Paid; 清河坊店 is getting it ready" in page
    assert "Being prepared" in page
    make_ready(order=pickup, by=bob)
    page = words(page_of(client, pickup))
    assert "Ready for you at 清河坊店" in page
    for part in ("Qinghefang 12", "9:00–21:00", pickup.pickup_code):
        assert part in page
    hand_over(order=pickup, code=pickup.pickup_code, by=bob)
    page = words(page_of(client, pickup))
    assert "Collected" in page
    for parcel in ("To ship", "Shipped", "Delivered", "Arrived", "On its way"):
        assert parcel not in page


def test_after_paying_in_the_sheet_she_is_told_where_it_will_be(client, pickup):
    answer = client.post(
        reverse("track:pay", args=[pickup.number]), headers={"HX-Request": "true"}
    ).text
    assert "清河坊店 is getting it ready" in answer
    assert pickup.pickup_code in answer
    assert "See the order" in answer
    assert "Follow it" not in answer


def test_staff_find_it_among_what_is_collected_not_shipped(as_bob, pickup):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse("orders:order_list", args=["tea"])
    row = f'id="order-{pickup.number}"'
    assert row not in as_bob.get(url, {"tab": "to_ship"}).text
    page = as_bob.get(url).text  # nothing to ship: the counter's list comes first
    assert row in page
    assert "Being prepared" in page
    detail = as_bob.get(reverse("orders:order_detail", args=["tea", pickup.number])).text
    assert "To ship" not in words(detail.partition("<main")[2])


# --- steps ----------------------------------------------------------------------------------------


def test_steps_say_what_happened(client, paid):
    page = words(page_of(client, paid))
    steps = page[page.index("What happened") :]
    assert re.search(r"To ship Paid .* Order placed", steps)  # the pill, then the steps


@pytest.mark.parametrize(
    ("state", "pickup", "marks"),
    [
        ("pending_payment", False, ["now", "", "", ""]),
        ("partly_shipped", False, ["done", "done", "now", ""]),
        ("ready_for_pickup", True, ["done", "done", "now", ""]),
        ("completed", True, ["done"] * 4),
        ("expired", False, []),
        ("cancelled", True, []),
    ],
)
def test_how_far_it_is(state, pickup, marks):
    assert [mark for _station, mark in stations(state, pickup=pickup)] == marks


# --- unpaid -------------------------------------------------------------------------------------


def test_an_unpaid_order_counts_down_and_can_be_paid_or_cancelled(client, mine, variant):
    page = page_of(client, mine)
    assert f'data-until="{mine.pay_by.astimezone().isoformat()[:13]}' in page
    assert reverse("track:pay", args=[mine.number]) in page
    url = reverse("track:cancel", args=[mine.number])
    assert url in page
    answer = client.post(url, follow=True)
    mine.refresh_from_db()
    assert mine.state == "cancelled"
    assert "Cancelled. Nothing was charged." in answer.text
    assert Stock.objects.get(variant=variant).available == 10


def test_only_the_device_that_ordered_cancels(client, order):
    assert "/cancel/" not in page_of(client, order)
    answer = client.post(reverse("track:cancel", args=[order.number]), follow=True)
    assert "Only the device it was ordered with can cancel it." in answer.text
    order.refresh_from_db()
    assert order.state == "pending_payment"


def test_a_paid_order_is_not_cancelled(client, mine):
    sandbox.receive(sandbox.charge(open_payment(order=mine, gateway=sandbox.NAME)))
    answer = client.post(reverse("track:cancel", args=[mine.number]), follow=True)
    mine.refresh_from_db()
    assert mine.state == "paid"
    assert "cannot become" in answer.text


def test_an_expired_order_asks_for_nothing(client, order):
    move_order(order=order, to=LineState.EXPIRED, by=None)
    page = words(page_of(client, order))
    assert "To pay" not in page
    assert "Sum" in page
    assert "nothing was charged" in page


# --- late money -----------------------------------------------------------------------------------


def test_late_money_is_told_to_everybody_who_has_to_know(client, mine, shop):
    late(mine)
    mine.refresh_from_db()
    assert mine.state == "expired"
    assert mine.payments.get().refund_due
    page = words(page_of(client, mine))
    assert "Your money comes back" in page
    assert "gives it back by itself, the way you paid" in page
    assert "nothing was charged" not in page
    news = Notification.objects.filter(kind="refund_due", merchant=shop)
    assert set(news.values_list("channel", flat=True)) == {"sms", "in_app", "email"}
    bell = news.get(channel="in_app")
    assert "¥336.00" in bell.subject
    assert bell.path.endswith(f"/orders/{mine.number}/")


def test_late_money_is_told_once(mine):
    late(mine)
    count = Notification.objects.count()
    sandbox.receive(sandbox.charge(mine.payments.get()))
    assert Notification.objects.count() == count
