"""Notes, tags, filters and export of orders; an address that changes before they leave."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.errors import DearerThere, NotSentThere, WrongState
from orders.models import Order, OrderNote
from orders.services.note import change_address, note_order, tag_order
from orders.services.order import Contact, place_order
from orders.services.shipment import ship_order
from orders.services.shipping import save_rule
from tests.conftest import DAN
from tests.orders.test_cart import contact

ELSEWHERE = Contact(
    name="林小满", phone="+8613600002207", region="CN-JS", city="苏州", address="平江路 8 号"
)
FAR = Contact(name="林", phone="+8613600002207", region="CN-XJ", city="喀什", address="人民路 8 号")


@pytest.fixture(autouse=True)
def _in_english(client, as_bob):
    for one in (client, as_bob):
        one.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def as_carol(carol, client):
    client.force_login(carol)
    return client


def at(name: str, order: Order) -> str:
    return reverse(f"orders:{name}", args=["tea", order.number])


def listed(client, **query) -> list[str]:
    page = client.get(reverse("orders:order_list", args=["tea"]), {"tab": "all", **query})
    assert page.status_code == 200
    return [order.number for order in page.context["page"]]


def test_a_note_is_kept_with_who_wrote_it_and_the_customer_never_sees_it(
    as_bob, order, bob, client
):
    form = {"text": "要开发票", "form_key": "one"}
    for _press in range(2):  # twice is one note
        assert as_bob.post(at("order_note", order), form).status_code == 302
    note = order.notes.get()
    assert (note.text, note.by) == ("要开发票", bob)
    assert "要开发票" in as_bob.get(at("order_detail", order)).text
    assert "要开发票" not in client.get(reverse("track:order", args=[order.number])).text
    as_bob.post(at("order_note", order), {"text": " " * 9, "form_key": "two"})
    as_bob.post(at("order_note", order), {"text": "字" * 501, "form_key": "three"})
    assert OrderNote.objects.count() == 1


def test_tags_are_made_as_they_are_needed_and_found_by(as_bob, order, shop, dan, cup):
    other = place_order(
        merchant=shop, customer=dan, basket={cup.variants.get().pk: 1}, contact=DAN, language="en"
    )
    as_bob.post(at("order_tags", order), {"tags": "急，要发票, 急"})
    assert [tag.name for tag in order.tags.all()] == ["急", "要发票"]
    assert listed(as_bob, tag="急") == [order.number]
    as_bob.post(at("order_tags", other), {"tags": "急"})
    assert shop.order_tags.count() == 2
    assert set(listed(as_bob, tag="急")) == {order.number, other.number}
    as_bob.post(at("order_tags", order), {"tags": ""})
    assert listed(as_bob, tag="急") == [other.number]
    as_bob.post(at("order_tags", order), {"tags": "x" * 13})
    as_bob.post(at("order_tags", order), {"tags": ",".join("abcdefghi")})
    assert not order.tags.exists()


def test_the_list_is_narrowed_by_day_and_by_store(as_bob, order, shop, dan, cup, store):
    pickup = place_order(
        merchant=shop,
        customer=dan,
        basket={cup.variants.get().pk: 1},
        contact=Contact(name="沈梅", phone="+8613800002688", store=store),
        language="en",
    )
    today = timezone.localdate()
    before = timezone.now() - timedelta(days=9)
    Order.objects.filter(pk=pickup.pk).update(placed_at=before)
    assert listed(as_bob, store="parcel") == [order.number]
    assert listed(as_bob, since=str(today)) == [order.number]
    assert order.number not in listed(as_bob, until=str(today - timedelta(days=3)))
    nonsense = {"since": "2026-13-45", "until": "9999-99-99", "store": "9" * 40, "tag": "\0"}
    for name, typed in nonsense.items():
        listed(as_bob, **{name: typed})


def test_the_number_of_queries_does_not_grow_with_the_orders(
    as_bob, shop, dan, cup, django_assert_max_num_queries
):
    for count in range(3):
        one = {cup.variants.get().pk: 1}
        made = place_order(merchant=shop, customer=dan, basket=one, contact=DAN, language="en")
        tag_order(order=made, names=["a", "b", f"c{count}"])
    with django_assert_max_num_queries(20):
        listed(as_bob)


def test_managers_take_the_list_out_and_nothing_in_it_runs(as_carol, as_bob, order, shop):
    Order.objects.update(name="=1+1", note="+x")
    tag_order(order=order, names=["急"])
    url = reverse("orders:order_export", args=["tea"])
    assert as_bob.get(url).status_code == 403
    body = as_carol.get(url).content.decode("utf-8-sig")
    heading, row = csv.reader(io.StringIO(body))
    told = dict(zip(heading, row, strict=True))
    assert told["Order number"] == order.number
    assert told["Recipient"] == "'=1+1"
    assert (told["Total"], told["Tags"]) == ("336.00", "急")
    assert "清河坊" in told["Address"]
    gone = as_carol.get(url, {"tag": "none"}).content
    assert len(gone.splitlines()) == 1


def test_a_file_has_an_end_and_says_so(as_carol, order, monkeypatch):
    monkeypatch.setattr("orders.views.order.MOST_EXPORTED", 0)
    answer = as_carol.get(reverse("orders:order_export", args=["tea"]), {"tag": ""}, follow=True)
    assert "Choose fewer days." in answer.text


# --- another address ------------------------------------------------------------------------------


def test_the_shop_sends_it_elsewhere_and_the_old_address_stays_in_a_note(paid, bob):
    change_address(order=paid, contact=ELSEWHERE, by=bob)
    assert paid.whole_address == "江苏 苏州 平江路 8 号"
    assert (paid.name, paid.phone) == ("林小满", "+8613600002207")
    assert "清河坊 12 号" in paid.notes.get().text


def test_what_has_left_is_not_sent_after_itself(paid, bob):
    ship_order(order=paid, carrier="sf", tracking_number="SF123456", by=bob)
    stale = Order.objects.get(pk=paid.pk)
    stale.state = "paid"  # as a page that was open since before
    with pytest.raises(WrongState, match="can no longer be changed"):
        change_address(order=stale, contact=ELSEWHERE, by=bob)
    assert "清河坊" in Order.objects.get().address
    assert not OrderNote.objects.exists()


def test_a_customer_pays_no_less_for_a_far_parcel_and_the_shop_may(paid, shop, bob):
    save_rule(merchant=shop, regions=["CN-XJ"], fee=2500, free_from=None)
    with pytest.raises(DearerThere):
        change_address(order=paid, contact=FAR, by=None)
    with pytest.raises(NotSentThere):
        change_address(order=paid, contact=Contact("L", "+8613600002207", region="JP"), by=bob)
    assert "清河坊" in Order.objects.get().address
    change_address(order=paid, contact=FAR, by=bob)
    assert Order.objects.get().region == "CN-XJ"


def test_only_the_device_that_ordered_changes_it(client, paid, dan):
    url = reverse("track:readdress", args=[paid.number])
    form = contact(name="林小满", address="平江路 8 号", region="CN-JS", city="苏州")
    client.post(url, form)
    assert "清河坊" in Order.objects.get().address
    session = client.session
    session["device"] = str(dan.device)
    session.save()
    Order.objects.update(device=dan.device)
    assert "清河坊" in client.get(url).text
    wrong = client.post(url, form | {"address": "8"})
    assert wrong.status_code == 422
    assert "林小满" in wrong.text
    assert client.post(url, form).status_code == 302
    assert Order.objects.get().whole_address == "江苏 苏州 上城区 平江路 8 号"
    assert "Another address" in client.get(reverse("track:order", args=[paid.number])).text


def test_a_clerk_changes_it_on_a_page(as_bob, paid):
    url = at("order_address", paid)
    assert as_bob.get(url).status_code == 200
    assert as_bob.post(url, contact(region="")).status_code == 422
    assert as_bob.post(url, contact(address="平江路 8 号")).status_code == 302
    assert "平江路" in as_bob.get(at("order_detail", paid)).text


def test_a_note_is_told_to_open_pages(paid, bob, django_capture_on_commit_callbacks):
    from orders.signals import order_noted

    heard = []
    receiver = lambda **fact: heard.append(fact["order"])  # noqa: E731
    order_noted.connect(receiver)
    with django_capture_on_commit_callbacks(execute=True):
        note_order(order=paid, text="x", by=bob)
    assert heard == [paid]
