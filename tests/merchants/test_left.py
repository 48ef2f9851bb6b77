"""A number of pieces put right in its row of the goods list, and taken back."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse

from merchants.models import Stock, StockMovement, Store
from merchants.rules.stock import Reason
from merchants.services.counter import sell_at_counter
from merchants.services.level import settle_levels
from merchants.services.stock import change_stock, reserve
from tests.conftest import product_of

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _in_english(as_alice, as_bob):
    for client in (as_alice, as_bob):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def cup(shop):
    return product_of(shop, "Cup", 900, 5)


def put(client, product, left, *, store, seen=5, **more):
    address = reverse("merchants:product_left", args=["tea", product.public_id])
    data = {"store": store.pk, "seen": seen, "left": left, **more}
    return client.post(address, data, **HTMX)


def on_hand(product) -> int:
    return Stock.objects.get(variant__product=product).on_hand


def toast(answer) -> dict[str, str]:
    return json.loads(answer["HX-Trigger"])["toast"]


def test_the_difference_is_booked_and_the_row_comes_back(as_bob, bob, cup, store):
    answer = put(as_bob, cup, "8", store=store)
    assert on_hand(cup) == 8
    assert 'value="8"' in answer.text
    assert toast(answer)["text"] == "Cup: 5 → 8"
    move = StockMovement.objects.first()
    assert (move.delta, move.reason, move.by, move.reference) == (3, Reason.COUNTED, bob, "list")


def test_it_is_taken_back_once_however_often_it_is_asked(as_bob, cup, store):
    undo = toast(put(as_bob, cup, "8", store=store))["undo"]
    assert [as_bob.post(undo).status_code for _again in range(2)] == [200, 200]
    assert on_hand(cup) == 5


def test_only_a_correction_is_taken_back(as_bob, cup, store):
    received = StockMovement.objects.get(stock__variant__product=cup)
    address = reverse("merchants:left_undo", args=["tea", cup.public_id, received.pk])
    assert as_bob.post(address).status_code == 409
    assert on_hand(cup) == 5


def test_taking_back_what_is_sold_by_now_says_so(as_bob, bob, cup, store):
    undo = toast(put(as_bob, cup, "8", store=store))["undo"]
    sell_at_counter(variant=cup.variants.get(), store=store, quantity=7, by=bob)
    answer = as_bob.post(undo)
    assert answer.status_code == 409
    assert "has only 1 of it" in answer.json()["sentence"]


def test_what_was_sold_since_the_list_was_shown_is_said_and_nothing_booked(as_bob, bob, cup, store):
    sell_at_counter(variant=cup.variants.get(), store=store, quantity=1, by=bob)
    answer = put(as_bob, cup, "4", store=store)  # she has counted well: four lie there
    assert answer.status_code == 409
    assert "It is 4 by now" in answer.text
    assert 'name="seen" value="4"' in answer.text  # and the next try is about this number
    assert on_hand(cup) == 4


def test_a_correction_of_another_day_is_not_taken_back_and_an_undo_never(as_bob, cup, store):
    undo = toast(put(as_bob, cup, "8", store=store))["undo"]
    assert as_bob.post(undo).status_code == 200
    last = StockMovement.objects.first()
    again = reverse("merchants:left_undo", args=["tea", cup.public_id, last.pk])
    assert as_bob.post(again).status_code == 409
    undo = toast(put(as_bob, cup, "9", store=store))["undo"]
    StockMovement.objects.update(at=F("at") - timedelta(days=2))
    assert as_bob.post(undo).status_code == 409
    assert on_hand(cup) == 9


def test_a_clerk_puts_right_and_takes_back_in_her_own_store_only(as_bob, bob, cup, shop, store):
    second = Store.objects.create(merchant=shop, name="湖滨店", city="杭州", position=1)
    undo = toast(put(as_bob, cup, "8", store=store))["undo"]
    shop.staff.get(user=bob).stores.set([second])
    assert put(as_bob, cup, "1", store=store, seen=8).status_code == 422
    assert as_bob.post(undo).status_code == 404
    assert on_hand(cup) == 8


def test_the_same_number_books_nothing(as_bob, cup, store):
    answer = put(as_bob, cup, "5", store=store)
    assert "HX-Trigger" not in answer
    assert StockMovement.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "many", "-1", "1.5", "99999999"])
def test_what_is_no_number_stays_in_the_row_with_a_sentence(as_bob, cup, store, typed):
    answer = put(as_bob, cup, typed, store=store)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert "Write a whole number" in answer.text
    assert on_hand(cup) == 5


def test_full_width_digits_are_digits(as_bob, cup, store):
    put(as_bob, cup, "８", store=store)
    assert on_hand(cup) == 8


def test_what_is_held_for_orders_is_not_counted_away(as_bob, shop, cup, store):
    reserve(merchant=shop, basket={cup.variants.get().pk: 4}, reference="an order")
    answer = put(as_bob, cup, "0", store=store, seen=1)
    assert answer.status_code == 200  # the free one is gone; those four stay
    assert on_hand(cup) == 4
    assert put(as_bob, cup, "0", store=store, seen=5).status_code == 409
    assert on_hand(cup) == 4
    assert editable(as_bob.get(reverse("merchants:product_list", args=["tea"]))) == []


def test_sent_twice_it_is_booked_once(as_bob, cup, store):
    for _again in range(2):
        put(as_bob, cup, "8", store=store, form_key="one and the same")
    assert on_hand(cup) == 8


def test_without_a_script_the_list_comes_back_and_says_it(as_bob, cup, store):
    address = reverse("merchants:product_left", args=["tea", cup.public_id])
    data = {"store": store.pk, "seen": 5, "left": "8"}
    assert "Cup: 5 → 8" in as_bob.post(address, data, follow=True).text


def editable(page) -> list[str]:
    return re.findall(r'aria-label="Stock of ([^"]+)"', page.text)


def test_several_stores_or_specifications_are_booked_on_their_page(as_alice, shop, store, alice):
    second = Store.objects.create(merchant=shop, name="湖滨店", city="杭州", position=1)
    here, both = product_of(shop, "Here", 900, 5), product_of(shop, "Both", 900, 5)
    change_stock(
        variant=both.variants.get(), store=second, delta=1, reason=Reason.RECEIVED, by=alice
    )
    page = as_alice.get(reverse("merchants:product_list", args=["tea"]))
    assert editable(page) == [f"{here.name} in {store.name}"]
    settle_levels()
    page = as_alice.get(reverse("merchants:product_list", args=["tea"]), {"store": second.pk})
    assert editable(page) == [f"Both in {second.name}"]


def test_a_store_of_nobody_here_is_refused(as_bob, cup, other_shop):
    assert put(as_bob, cup, "8", store=other_shop.stores.get()).status_code == 422
    assert on_hand(cup) == 5
