"""A clerk sees what is sent, and what is collected at her own stores."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse
from django.utils.translation import override

from livestream import broadcast
from livestream.consumers.dashboard import DashboardConsumer
from livestream.models import Sale
from merchants.models import Notification, Store
from merchants.rules.stock import Reason
from merchants.services.staff import change_staff
from merchants.services.stock import change_stock
from merchants.services.store import save_store
from orders.models import Order
from orders.payments import sandbox
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.shipment import make_ready
from tests.conftest import DAN
from tests.servers import session_of


@pytest.fixture
def lake(shop) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


@pytest.fixture
def at_lake(shop, dan, variant, lake) -> Order:
    """Paid, to be collected at the lake, where Bob does not serve."""
    change_stock(variant=variant, store=lake, delta=5, reason=Reason.RECEIVED, by=None)
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=lake),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


@pytest.fixture(autouse=True)
def _here_only(bob, shop, store, alice, lake):
    host = shop.staff.get(user=bob)
    change_staff(staff=host, by=shop.staff.get(user=alice), stores=[store])


def url(name: str, *args: str) -> str:
    return reverse(f"orders:{name}", args=["tea", *args])


def test_what_is_collected_elsewhere_is_not_there_for_her(as_bob, as_alice, at_lake, paid):
    for tab in ("", "?tab=ready", "?tab=all", f"?tab=all&q={at_lake.number}"):
        page = as_bob.get(url("order_list") + tab)
        assert url("order_detail", at_lake.number) not in page.text
        assert not {name: count for name, _word, count in page.context["tabs"]}["ready"]
    assert (
        url("order_detail", at_lake.number) in as_alice.get(url("order_list") + "?tab=ready").text
    )
    assert url("order_detail", paid.number) in as_bob.get(url("order_list") + "?tab=to_ship").text


def test_foreign_and_absent_orders_answer_alike(as_bob, as_alice, at_lake):
    for number in (at_lake.number, "zzzzzzzzzz"):
        assert as_bob.get(url("order_detail", number)).status_code == 404
        for act in ("ready", "collect", "deliver", "cancel", "ship"):
            assert as_bob.post(url(f"order_{act}", number)).status_code == 404, act
    assert as_alice.get(url("order_detail", at_lake.number)).status_code == 200
    at_lake.refresh_from_db()
    assert at_lake.state == "paid"


def test_she_hands_over_at_her_own_store(as_bob, alice, at_lake, shop, bob, lake):
    make_ready(order=at_lake, by=alice)
    host = shop.staff.get(user=bob)
    change_staff(staff=host, by=shop.staff.get(user=alice), stores=[lake])
    as_bob.post(url("order_collect", at_lake.number), {"code": at_lake.pickup_code})
    at_lake.refresh_from_db()
    assert at_lake.state == "collected"


def test_the_badge_and_the_first_page_count_what_she_sees(as_bob, as_alice, at_lake):
    home = reverse("livestream:home", args=["tea"])
    hers, owners = as_bob.get(home), as_alice.get(home)
    assert (hers.context["to_ship"], owners.context["to_ship"]) == (0, 1)
    assert (hers.context["to_collect"]["count"], owners.context["to_collect"]["count"]) == (0, 1)
    assert list(hers.context["latest"]) == []
    assert list(owners.context["latest"]) == [at_lake]


def test_only_who_may_see_it_is_written_to(at_lake, paid):
    def told(order: Order) -> set[str]:
        mails = Notification.objects.filter(kind="order_paid", channel="email")
        return {one.to for one in mails.filter(path__contains=order.number)}

    assert told(at_lake) == {"alice@example.com"}
    assert told(paid) == {"alice@example.com", "bob@example.com"}


def test_the_bell_that_all_read_says_nothing_of_who_collects_what(at_lake, paid):
    bells = Notification.objects.filter(channel="in_app", kind="order_paid").order_by("pk")
    of_lake, of_parcel = (
        bells.get(key__endswith=at_lake.number),
        bells.get(path__contains=paid.number),
    )
    with override("en"):
        assert of_lake.headline == "A new order to be collected at Lake store"
    for secret in (at_lake.number, at_lake.name, at_lake.lines.get().title):
        assert secret not in of_lake.body + of_lake.subject + of_lake.path
    assert paid.lines.get().title in of_parcel.words["en"][1]


def test_the_console_shows_only_sales_that_she_may_see(as_bob, as_alice, live, at_lake, paid):
    for order in (at_lake, paid):
        Sale.objects.create(room=live, order=order, at=order.placed_at)
    for name in ("console", "console_panels"):
        address = reverse(f"livestream:{name}", args=["tea", live.public_id])
        hers, owners = as_bob.get(address), as_alice.get(address)
        assert list(hers.context["latest"]) == [paid]
        assert list(owners.context["latest"]) == [paid, at_lake]
        assert at_lake.number not in hers.text


def test_staff_of_a_room_hear_of_a_collected_order_without_whose_it_is(
    live, at_lake, paid, monkeypatch
):
    heard = {}
    monkeypatch.setattr(broadcast, "_after_commit", heard.__setitem__)
    broadcast.orders_changed([(at_lake, live), (paid, live)])
    events = heard[broadcast.room_group(live.pk)]["events"]
    assert [staff for _text, staff, _line in events] == [True, True]
    of_lake, of_parcel = (json.loads(text) for text, _staff, _line in events)
    assert (of_lake["type"], of_lake["room"]) == ("order.paid", live.public_id)
    assert {of_lake[name] for name in ("number", "name", "total")} == {None}
    assert (of_parcel["number"], of_parcel["name"]) == (paid.number, paid.name)


def test_orders_of_one_moment_are_one_message_of_which_she_hears_her_part(
    shop, store, at_lake, paid, monkeypatch
):
    heard, said = {}, []
    monkeypatch.setattr(broadcast, "_after_commit", heard.__setitem__)
    broadcast.orders_changed([(at_lake, None), (paid, None)])
    page = DashboardConsumer()
    page.stores = frozenset({store.pk})

    async def send(text_data: str) -> None:
        said.append(json.loads(text_data))

    monkeypatch.setattr(page, "send", send)  # the wire
    message = heard[broadcast.merchant_group(shop.pk)]
    # A process of before, while they are replaced one by one, knows this much.
    assert (message["type"], message["event"]["number"]) == ("tell", at_lake.number)
    async_to_sync(getattr(page, message["type"].replace(".", "_")))(message)
    assert [one["number"] for one in said] == [paid.number]
    assert "store" not in said[0]


def test_her_open_page_hears_of_her_stores_only(server, shop, as_bob, as_alice, at_lake, paid):
    with (
        server.line(f"/ws/dashboard/{shop.slug}/", session_of(as_bob)) as hers,
        server.line(f"/ws/dashboard/{shop.slug}/", session_of(as_alice)) as owners,
    ):
        hers.wait("dashboard.open")
        owners.wait("dashboard.open")
        session = session_of(as_alice)
        assert server.post(url("order_ready", at_lake.number), session) < 400
        heard = owners.wait("order.moved", number=at_lake.number)
        assert "store" not in heard
        words = {"carrier": "sf", "tracking_number": "SF1234567890"}
        assert server.post(url("order_ship", paid.number), session, **words) < 400
        numbers = [hers.wait("order.moved")["number"]]
        assert numbers == [paid.number], "the first she hears of is the parcel"
