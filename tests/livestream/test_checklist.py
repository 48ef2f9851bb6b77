"""The first steps of a shop: read off the facts, ticked by nobody, and in nobody's way."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from livestream.models import Room
from livestream.selectors.checklist import GOODS, checklist
from livestream.services.room import start_room
from merchants.models import Product
from merchants.rules.product import ProductState
from orders.payments import sandbox
from orders.services.order import place_order
from orders.services.payment import open_payment
from tests.conftest import DAN, product_of


@pytest.fixture(autouse=True)
def _in_english(as_alice, as_bob):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def home(shop) -> str:
    return reverse("livestream:home", args=[shop.slug])


def done(shop) -> set[str]:
    found = checklist(shop)
    return {step.name for step in found.steps if step.done} if found else {"all"}


def ten_goods(shop) -> None:
    for number in range(GOODS - shop.products.on_sale().count()):
        product_of(shop, f"good {number}", 100, 0)


def give_picture(shop, picture) -> None:
    shop.logo = ContentFile(picture()[0].read(), "logo.jpg")
    shop.save()


def test_a_new_shop_has_done_nothing(shop):
    found = checklist(shop)
    assert (found.done, found.next, len(found.steps)) == (0, "picture", 5)


def test_a_picture_of_the_shop_is_a_fact(shop, picture):
    give_picture(shop, picture)
    assert done(shop) == {"picture"}


def test_ten_goods_on_sale_are_a_fact_and_drafts_are_none(shop):
    ten_goods(shop)
    assert done(shop) == {"goods"}
    Product.objects.filter(pk=shop.products.first().pk).update(state=ProductState.DRAFT)
    found = checklist(shop)
    assert (found.goods, done(shop)) == (9, set())


def test_an_order_is_no_payment_and_a_settled_one_is(shop, order):
    assert done(shop) == set()
    payment = open_payment(order=order, gateway=sandbox.NAME)
    assert done(shop) == set()
    sandbox.receive(sandbox.charge(payment))
    assert done(shop) == {"payment"}


def test_the_payment_of_another_shop_counts_for_that_one(other_shop, paid):
    assert done(other_shop) == set()


def test_a_rehearsal_is_a_fact_once_its_picture_has_arrived(shop, scheduled):
    assert done(shop) == set()
    Room.objects.filter(pk=scheduled.pk).update(rehearsed_at=timezone.now())
    assert done(shop) == {"rehearsal"}


def test_who_was_live_needs_no_rehearsal(shop, scheduled):
    start_room(room=scheduled)
    assert done(shop) == {"rehearsal", "live"}


def test_it_is_gone_when_all_is_done(shop, picture, paid, live, as_alice, home):
    give_picture(shop, picture)
    ten_goods(shop)
    assert checklist(shop) is None
    page = as_alice.get(home)
    assert "steps" not in page.context
    assert "Taken today" in page.text


def test_the_first_page_of_a_new_shop_is_the_list(as_alice, home, shop, alice):
    page = as_alice.get(home).text
    assert "welcome to your counter" in page
    assert "0 of 5 done" in page
    assert "Taken today" not in page
    for name in ("merchants:product_new", "merchants:import_list", "orders:payments"):
        assert reverse(name, args=[shop.slug]) in page
    assert reverse("livestream:room_new", args=[shop.slug]) in page, "no step stops a show"


def test_what_runs_stands_below_while_a_step_is_open(as_alice, home, scheduled):
    page = as_alice.get(home).text
    assert "0 of 5 done" in page
    assert scheduled.title in page
    assert reverse("livestream:console", args=["tea", scheduled.public_id]) in page
    assert "Taken today" in page


def test_an_open_page_whose_numbers_are_gone_loads_itself_anew(as_alice, home, scheduled):
    part = {"HX-Request": "true", "HX-Target": "latest"}
    assert 'id="latest"' in as_alice.get(home, headers=part).text
    scheduled.delete()  # nothing runs any more: only the list of steps is left
    assert 'id="latest"' not in as_alice.get(home).text
    answer = as_alice.get(home, headers=part)
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_a_clerk_is_not_told_to_do_what_she_may_not(as_bob, home):
    assert "0 of 5 done" not in as_bob.get(home).text


def test_it_asks_the_database_four_things(shop, paid, django_assert_num_queries):
    with django_assert_num_queries(4):
        checklist(shop)


def test_the_page_of_payments_says_what_there_is(as_alice, shop, settings):
    url = reverse("orders:payments", args=[shop.slug])
    page = as_alice.get(url).text
    assert "Practice bank" in page
    assert "It needs a product with at least one piece in stock." in page
    settings.SANDBOX_PAYMENTS = False
    page = as_alice.get(url).text
    assert "Nothing is connected yet" in page
    assert "Try a purchase" not in page


def test_the_page_of_payments_leads_to_something_that_can_be_bought(as_alice, shop, dan, longjing):
    product_of(shop, "empty tin", 100, 0)  # newer, and none left
    url = reverse("orders:payments", args=[shop.slug])
    page = as_alice.get(url).text
    assert reverse("shop:product", args=[shop.slug, longjing.public_id]) in page
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={longjing.variants.get().pk: 1},
        contact=DAN,
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    assert order.number in as_alice.get(url).text
