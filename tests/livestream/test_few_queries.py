"""From the tap in a room to "paid": few requests, and each asks the database few questions."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from livestream.models import FlashSale
from orders.models import Order
from orders.rules.line import LineState
from tests.livestream.test_flash import announce, begin
from tests.orders.test_pay import IN_ROOM, MOST, told, wanted

# SQLite is told of each table apart: there is no network between (merchants.services.rows).
MOST_TO_ORDER = MOST if connection.vendor == "postgresql" else MOST + 4


@pytest.fixture
def flash(live, longjing, variant) -> FlashSale:
    sale = announce(live, live.items.get(product=longjing), variant)
    begin(sale)
    sale.refresh_from_db()
    return sale


def from_tap_to_paid(client, live, variant, **form: object) -> dict[str, int]:
    """{request: its queries}, from the sheet to the word of thanks."""
    address = reverse("watch:checkout", args=[live.public_id])
    counts: dict[str, int] = {}

    def ask(name: str, method: str, where: str, data: dict[str, object]):
        with CaptureQueriesContext(connection) as seen:
            answer = getattr(client, method)(where, data, headers=IN_ROOM)
        counts[name] = told(seen)
        assert answer.status_code == 200, answer.text
        return answer

    sheet = ask("sheet", "get", address, {"variant": variant.pk, "quantity": 1})
    total = sheet.context["quote"].sum.total
    ask("order", "post", address, wanted(variant, expected_total=total, **form))
    order = Order.objects.latest("pk")
    pay = reverse("track:pay", args=[order.number])
    ask("bank", "get", pay, {})
    ask("paid", "post", pay, {"way": "sandbox:"})
    order.refresh_from_db()
    assert order.state == LineState.PAID
    assert order.sale.room == live
    return counts


def twice(client, live, variant) -> None:
    """A new buyer's way, and the same as one who is known and sends it where she did before."""
    client.get(reverse("watch:room", args=[live.public_id]))
    first = from_tap_to_paid(client, live, variant)
    saved = {"saved": Order.objects.get().address_key, "name": "", "phone": ""}
    for counts in (first, from_tap_to_paid(client, live, variant, **saved)):
        assert counts.pop("order") <= MOST_TO_ORDER
        assert max(counts.values()) <= MOST, counts


def test_goods_of_the_shelf(client, live, variant):
    twice(client, live, variant)


def test_a_piece_of_a_flash_sale(client, live, variant, flash):
    twice(client, live, variant)
    assert Order.objects.filter(lines__price_rule="flash").count() == 2
