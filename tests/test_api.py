"""The second door: the same verbs through keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from livestream.models import Room
from merchants.services.merchant import make_key
from orders.models import Shipment


@pytest.fixture
def program(shop) -> Client:
    _key, secret = make_key(merchant=shop, name="till")
    return Client(headers={"Authorization": f"Api-Key {secret}"})


@pytest.fixture
def at(shop):
    return f"/api/v1/merchants/{shop.slug}"


def test_it_lists_and_reads_products(program, at, longjing, cup, foreign_product):
    page = program.get(f"{at}/products/").json()
    assert [product["name"] for product in page["results"]] == ["耐热玻璃杯", "明前龙井"]
    one = program.get(f"{at}/products/{longjing.public_id}/").json()
    assert one["variants"][0]["available"] == 10
    assert one["variants"][0]["price"] == 16800


def test_it_makes_and_schedules_a_room(program, at, longjing, host):
    body = {
        "title": "明前龙井到店",
        "starts_at": (timezone.now() + timedelta(hours=1)).isoformat(),
        "products": [longjing.public_id],
        "host": "bob@example.com",
    }
    made = program.post(f"{at}/rooms/", body, content_type="application/json")
    assert made.status_code == 201
    room = made.json()
    assert (room["state"], room["host"]) == ("draft", "芳姐")
    done = program.post(f"{at}/rooms/{room['id']}/schedule/", content_type="application/json")
    assert (done.json()["state"], done.json()["live_status"]) == ("scheduled", 102)


def test_the_same_key_makes_one_room(program, at, longjing):  # P2
    body = {
        "title": "明前龙井到店",
        "starts_at": (timezone.now() + timedelta(hours=1)).isoformat(),
        "products": [longjing.public_id],
    }
    key = {"Idempotency-Key": "abc"}

    def post(body):
        return program.post(f"{at}/rooms/", body, content_type="application/json", headers=key)

    first, second = post(body), post(body)
    assert first.json() == second.json()
    assert Room.objects.count() == 1
    other = post({**body, "title": "另一个标题"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"title": "短"}, 422, "bad_title"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, 422, "bad_start"),
        ({"starts_at": "tomorrow"}, 400, "invalid"),
        ({"products": ["nothing"]}, 400, "invalid"),
        ({"host": "mallory@example.com"}, 400, "invalid"),
    ],
)
def test_bad_input_is_a_problem_with_a_code(program, at, longjing, change, status, code):
    body = {
        "title": "明前龙井到店",
        "starts_at": (timezone.now() + timedelta(hours=1)).isoformat(),
        "products": [longjing.public_id],
        **change,
    }
    answer = program.post(f"{at}/rooms/", body, content_type="application/json")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert not Room.objects.exists()


def test_a_product_of_another_merchant_is_unknown(program, at, foreign_product):
    body = {
        "title": "明前龙井到店",
        "starts_at": (timezone.now() + timedelta(hours=1)).isoformat(),
        "products": [foreign_product.public_id],
    }
    answer = program.post(f"{at}/rooms/", body, content_type="application/json")
    assert answer.status_code == 400


def test_it_ships_an_order_once(program, at, paid):
    body = {"carrier": "sf", "tracking_number": "SF1234567890"}
    url = f"{at}/orders/{paid.number}/ship/"
    key = {"Idempotency-Key": "ship-1"}
    first = program.post(url, body, content_type="application/json", headers=key)
    second = program.post(url, body, content_type="application/json", headers=key)
    assert first.status_code == second.status_code == 200
    assert first.json()["state"] == "shipped"
    assert Shipment.objects.count() == 1
    third = program.post(url, body, content_type="application/json")
    assert (third.status_code, third.json()["code"]) == (409, "wrong_state")


def test_it_reads_orders(program, at, paid):
    assert program.get(f"{at}/orders/").json()["results"][0]["number"] == paid.number
    one = program.get(f"{at}/orders/{paid.number}/").json()
    assert (one["total"], one["lines"][0]["quantity"]) == (33600, 2)


def test_lists_come_in_cursor_pages(program, at, shop):
    from tests.conftest import product_of

    for number in range(5):
        product_of(shop, f"Tea {number}", 100, 0)
    page = program.get(f"{at}/products/?limit=3").json()
    assert len(page["results"]) == 3
    assert len(program.get(page["next"]).json()["results"]) == 2


def test_broken_json_is_a_problem_too(program, at, live):
    answer = program.post(f"{at}/rooms/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_the_schema_and_its_page_are_open(client, db):
    assert client.get("/api/schema/").status_code == 200
    assert client.get("/api/docs/").status_code == 200
