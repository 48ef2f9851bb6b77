"""Rows of several tables in one go: the same rows that `bulk_create` writes, on either database."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livestream.models import FlashPurchase, Sale
from merchants.models import Customer, Reservation, Stock
from merchants.services.rows import write_rows
from orders.models import Line, Order

ODD = 'O\'Hara said "100%" \\ %s {} \n\t茶🍵'


def a_buyer(shop) -> Customer:
    return Customer(merchant=shop, device=uuid.uuid4(), phone=f"+86138{uuid.uuid4().hex[:8]}")


def an_order(buyer: Customer) -> Order:
    now = timezone.now()
    return Order(
        merchant=buyer.merchant,
        customer=buyer,
        device=buyer.device,
        name=ODD,
        phone=buyer.phone,
        note=ODD,
        currency="CNY",
        goods=2**40,
        total=2**40,
        placed_at=now,
        pay_by=now + timedelta(minutes=15),
    )


def a_line(order: Order, variant) -> Line:
    return Line(order=order, variant=variant, title=ODD, quantity=1, list_price=1, unit_price=1)


def fields_of(row) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.generated
    }


def test_what_was_written_is_there_and_points_where_it_should(shop, variant):
    buyers = [a_buyer(shop) for _each in range(3)]
    orders = [an_order(one) for one in buyers]
    lines = [a_line(one, variant) for one in orders for _twice in range(2)]
    with CaptureQueriesContext(connection) as seen:
        write_rows(buyers, orders, [], lines)
    assert len(seen) <= (2 if connection.vendor == "postgresql" else 3)
    for row in (*buyers, *orders, *lines):
        assert fields_of(type(row).objects.get(pk=row.pk)) == fields_of(row)
    assert [one.order for one in Line.objects.order_by("pk")] == [one.order for one in lines]
    assert Order.objects.get(pk=orders[0].pk).phone_end == orders[0].phone[-4:]
    assert buyers[0].created_at is not None


def test_a_row_that_was_there_is_changed(shop, variant):
    stock = Stock.objects.get(variant=variant)
    facts = {"merchant": shop, "stock": stock, "opened_at": timezone.now()}
    known = Reservation.objects.create(quantity=5, reference="one", **facts)
    other = Reservation.objects.create(quantity=5, reference="other", **facts)
    known.quantity, known.closed_at = 3, timezone.now()
    fresh = Reservation(quantity=2, reference="two", **facts)
    write_rows([known, fresh])
    assert fields_of(Reservation.objects.get(pk=known.pk)) == fields_of(known)
    assert fields_of(Reservation.objects.get(pk=other.pk)) == fields_of(other)
    assert Reservation.objects.get(reference="two").quantity == 2


def test_nothing_is_written_if_one_may_not_be(shop, variant):
    first = an_order(a_buyer(shop))
    write_rows([first.customer], [first])
    again = an_order(a_buyer(shop))
    again.number = first.number
    with pytest.raises(IntegrityError), transaction.atomic():
        write_rows([again.customer], [again], [a_line(again, variant)])
    assert (Customer.objects.count(), Order.objects.count(), Line.objects.count()) == (1, 1, 0)


def test_no_rows_are_no_question(db):
    with CaptureQueriesContext(connection) as seen:
        write_rows([], [])
    assert len(seen) == 0


def test_what_is_set_once_stays_as_it_was(shop):
    known = a_buyer(shop)
    known.save()
    since = known.created_at
    known.name = "Dan"
    write_rows([known])
    known.refresh_from_db()
    assert (known.name, known.created_at) == ("Dan", since)


PLAIN = {
    models.BigAutoField,
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.EmailField,
    models.ForeignKey,
    models.OneToOneField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.UUIDField,
}


@pytest.mark.parametrize("model", [Customer, Order, Line, Reservation, Sale, FlashPurchase])
def test_each_field_is_one_that_json_can_say(model):
    """Anything else (decimals, JSON, a file) has to be taught to `write_rows` first."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    assert {type(field) for field in fields} <= PLAIN
    assert [field.name for field in fields if field.has_db_default()] == []
