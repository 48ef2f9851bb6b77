"""The pick list and the packing slips: what is fetched, from where, and for whom."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from merchants.models import Customer, Store, Variant
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from merchants.services.store import save_store
from orders.models import Order
from orders.payments import sandbox
from orders.rules.number import spoken
from orders.rules.pick import in_sequence, shelf_of
from orders.rules.refund import RefundKind
from orders.selectors import slip
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import request_refund
from orders.services.shipment import ship_order
from tests.conftest import DAN, product_of
from tests.journeys.browser import chromium
from tests.screens import ROOT

CSS = ROOT / "static" / "css"


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def buy(shop):
    """An order of {variant: pieces}, paid."""

    def bought(basket, language="en", **contact) -> Order:
        order = place_order(
            merchant=shop,
            customer=Customer.objects.create(merchant=shop),
            basket={variant.pk: count for variant, count in basket.items()},
            contact=replace(DAN, **contact),
            language=language,
        )
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
        order.refresh_from_db()
        return order

    return bought


@pytest.fixture
def tea(variant) -> Variant:
    Variant.objects.filter(pk=variant.pk).update(shelf_place="A2-10")
    return variant


@pytest.fixture
def cups(cup) -> Variant:
    Variant.objects.update(shelf_place="")
    found = cup.variants.get()
    Variant.objects.filter(pk=found.pk).update(shelf_place="A2-3")
    return found


def url(name: str) -> str:
    return reverse(f"orders:order_{name}", args=["tea"])


def rows(html: str) -> list[list[str]]:
    """The text of the cells of each row in the tables of a page."""
    found = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in found]
    return [[" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in row] for row in cells if row]


@pytest.mark.parametrize(
    ("place", "shelf"),
    [("A2-3", "A2"), ("A2", "A2"), ("", ""), ("左架 第三层", "左架"), ("B.1", "B"), ("C：2", "C")],
)
def test_the_shelf_is_what_stands_before_the_first_sign(place, shelf):
    assert shelf_of(place) == shelf


def test_places_are_sorted_as_people_count_them():
    places = ["A10", "B1", "A2-10", "a2-3", "A2"]
    assert sorted(places, key=in_sequence) == ["A2", "a2-3", "A2-10", "A10", "B1"]


def test_goods_of_all_orders_are_fetched_together_shelf_by_shelf(as_bob, cups, tea, buy, shop):
    loose = product_of(shop, "茶则", 900, 20).variants.get()
    buy({tea: 2, cups: 1})
    buy({cups: 3, loose: 1})
    page = as_bob.get(url("picks")).text
    got = [(place, name, pieces, slips) for _ck, place, name, _sku, pieces, slips in rows(page)]
    assert got == [
        ("A2-3", "耐热玻璃杯", "4", "1, 2×3"),
        ("A2-10", "明前龙井", "2", "1×2"),
        ("", "茶则", "1", "2"),
    ]
    assert page.count("Shelf A2") == 1
    assert "No place yet" in page


def test_what_has_left_or_is_asked_back_is_not_fetched(as_bob, tea, cups, buy, bob):
    parted, back = buy({tea: 1, cups: 2}), buy({cups: 5})
    ship_order(
        order=parted,
        carrier="sf",
        tracking_number="SF123456",
        by=bob,
        lines=[parted.lines.get(variant=tea).pk],
    )
    request_refund(order=back, pieces={back.lines.get().pk: 5}, kind=RefundKind.MONEY)
    page = as_bob.get(url("picks")).text
    assert [row[4] for row in rows(page)] == ["2"]
    assert "1 stays here: its money is asked back" in page


def test_each_store_has_its_own_round(as_bob, as_alice, tea, cups, buy, shop):
    lake = save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))
    change_stock(variant=tea, store=lake, delta=5, reason=Reason.RECEIVED, by=None)
    buy({tea: 12})  # ten lie in the first store
    page = as_alice.get(url("picks"), headers={"Accept-Language": "en"}).text
    assert page.index("清河坊店") < page.index("Lake store")
    assert [row[4] for row in rows(page)] == ["10", "2"]


def test_only_the_ticked_orders_are_printed(as_bob, tea, buy):
    first, second = buy({tea: 1}), buy({tea: 1})
    page = as_bob.get(url("slips"), {"o": [second.number]}).text
    assert f'data-slip="{second.number}"' in page
    assert first.number not in page


def test_what_the_list_shows_is_what_is_printed(as_bob, tea, buy):
    mei, lan = buy({tea: 1}), buy({tea: 1}, name="兰姐")
    page = as_bob.get(url("slips"), {"tab": "to_ship", "q": "兰姐"}).text
    assert f'data-slip="{lan.number}"' in page
    assert mei.number not in page
    listed = as_bob.get(reverse("orders:order_list", args=["tea"]), {"q": "兰姐"}).text
    assert '<input type="hidden" name="q" value="兰姐" form="chosen">' in listed


def test_a_slip_says_what_is_in_the_parcel_and_masks_the_number(as_bob, tea, cups, buy):
    order = buy({tea: 2, cups: 1}, note="慢慢来")
    page = as_bob.get(url("slips")).text
    assert "138 **** 2688" in page
    assert order.phone not in page
    for part in (DAN.name, DAN.address, "慢慢来", "3 pieces", spoken(order.number), "A2-3"):
        assert part in page
    assert page.count('role="img"') == 2  # the number for the clerk, the page for the buyer


def test_a_slip_speaks_its_buyers_language(as_bob, tea, buy):
    buy({tea: 1}, language="zh-hans")
    buy({tea: 1}, language="en")
    page = as_bob.get(url("slips")).text
    chinese, english = re.findall(r'<article class="slip" lang="([\w-]+)"', page)
    assert (chinese, english) == ("zh-hans", "en")


def test_a_slip_of_what_has_left_can_be_printed_again(as_bob, tea, buy, bob):
    order = buy({tea: 2})
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    assert not as_bob.get(url("slips")).context["slips"]
    page = as_bob.get(url("slips"), {"o": order.number}).text
    assert [row[4] for row in rows(page) if len(row) == 6] == ["2"]


def test_no_more_than_the_limit_is_printed_and_the_rest_is_named(as_bob, tea, buy, monkeypatch):
    monkeypatch.setattr(slip, "MOST", 2)
    for _time in range(3):
        buy({tea: 1})
    answer = as_bob.get(url("slips"))
    assert len(answer.context["slips"]) == 2
    assert "1 more waits" in answer.text


@pytest.mark.parametrize("count", [2, 8])
def test_a_pick_list_asks_as_often_for_two_as_for_eight(
    as_bob, tea, buy, count, django_assert_max_num_queries
):
    for _time in range(count):
        buy({tea: 1})
    with django_assert_max_num_queries(20):
        as_bob.get(url("picks"))


def test_foreign_orders_are_not_printed(as_bob, tea, buy, other_shop, mallory, client):
    order = buy({tea: 1})
    client.force_login(mallory)
    for name in ("slips", "picks"):
        page = client.get(reverse(f"orders:order_{name}", args=["other"]), {"o": order.number})
        assert DAN.name not in page.text
        assert page.status_code == 200


@pytest.mark.slow
def test_each_slip_is_printed_on_a_page_of_its_own(as_bob, tea, cups, buy):
    for _time in range(3):
        buy({tea: 1, cups: 2})
    html = as_bob.get(url("slips")).text
    style = "".join((CSS / name).read_text() for name in ("tokens.css", "base.css", "print.css"))
    with chromium() as browser:
        page = browser.new_page()
        page.set_content(html.replace("</head>", f"<style>{style}</style></head>"))
        paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", paper)) == 3
    boxes = re.findall(rb"/MediaBox \[([^\]]+)\]", paper)
    sizes = {tuple(round(float(side)) for side in box.split()) for box in boxes}
    assert sizes == {(0, 0, 420, 595)}  # A5 in points
