"""The books of a period: what they add up to, who sees them, and what the accountant gets."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import StockMovement
from merchants.services.counter import sell_at_counter, take_back
from orders.forms.period import PeriodForm
from orders.models import LedgerEntry, Order
from orders.payments import sandbox
from orders.rules.ledger import surplus
from orders.rules.period import LONGEST, Period, this_month
from orders.selectors.books import books_of, chart_of, entry_table
from orders.services.coupon import claim_coupon
from orders.services.coupon_counter import take_voucher, undo_use
from orders.services.ledger import post
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import give_refund
from orders.services.shipment import ship_order
from orders.tasks import send_refunds
from tests.conftest import DAN

TODAY = this_month(date(2026, 11, 29))


@pytest.fixture
def today() -> Period:
    day = timezone.localdate()
    return Period(day, day)


@pytest.fixture
def as_carol(carol, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(carol)
    return client


def test_an_order_is_told_by_day_store_and_colleague(shop, paid, bob, today):
    ship_order(order=paid, carrier="sf", tracking_number="SF1234567890", by=bob)
    books = books_of(shop, today)
    assert (books.total.orders, books.total.goods) == (1, paid.total - paid.shipping)
    assert (books.total.shipping, books.total.gateway) == (paid.shipping, paid.total)
    assert [(store, sums.orders) for store, sums in books.stores] == [(None, 1)]
    assert [(one.user, one.orders, one.counter) for one in books.people] == [(bob, 1, 0)]


def test_what_is_sold_at_the_counter_stands_beside_them(shop, store, variant, bob, alice, today):
    line = sell_at_counter(variant=variant, store=store, by=bob, quantity=3)
    take_back(store=store, reference=line, by=alice, quantity=1)
    books = books_of(shop, today)
    assert (books.total.counter, books.total.pieces) == (2 * variant.price, 2)
    assert books.total.gateway == books.total.goods == 0
    assert [(place, sums.pieces) for place, sums in books.stores] == [(store, 2)]
    assert {one.user: one.pieces for one in books.people} == {bob: 3, alice: -1}


@pytest.mark.parametrize("pieces", [1, 2])
def test_what_went_back_is_told_as_it_went(shop, paid, bob, today, pieces):
    line = paid.lines.get()
    assert line.quantity == 2
    give_refund(order=paid, pieces={line.pk: pieces}, by=bob)
    send_refunds()
    back = paid.refunds.get().amount
    total = books_of(shop, today).total
    assert total.refunds == back > 0
    assert total.gateway == paid.total - back
    assert total.goods + total.shipping + total.surplus - total.refunds == total.gateway
    assert [sums.refunds for _store, sums in books_of(shop, today).stores] == [back]


def test_a_coupon_at_the_till_is_taken_off_what_was_paid_there(
    shop, store, variant, coupon, dan, bob, today
):
    sell_at_counter(variant=variant, store=store, by=bob)
    voucher = claim_coupon(coupon=coupon, customer=dan)
    use = take_voucher(voucher=voucher, store=store, goods=variant.price, by=bob)
    books = books_of(shop, today)
    assert books.total.counter == variant.price - use.saving
    assert [sums.counter for _store, sums in books.stores] == [books.total.counter]
    assert [one.counter for one in books.people] == [books.total.counter]
    undo_use(use=use, by=bob, may_always=False)
    assert books_of(shop, today).total.counter == variant.price


def test_each_parcel_counts_for_who_sent_it(shop, dan, variant, cup, bob, alice, today):
    basket = {variant.pk: 1, cup.variants.get().pk: 1}
    order = place_order(merchant=shop, customer=dan, basket=basket, contact=DAN, language="en")
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    for line, by in zip(order.lines.all(), (bob, alice), strict=True):
        ship_order(order=order, carrier="sf", tracking_number="SF123456", by=by, lines=[line.pk])
    assert {one.user: one.orders for one in books_of(shop, today).people} == {bob: 1, alice: 1}


def test_what_customers_bought_by_a_colleagues_links_is_told_beside_her(
    shop, dan, variant, bob, carol, today
):
    for by, count in [(bob.pk, 1), (bob.pk, 2), (carol.pk, 1), (None, 1)]:
        order = place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: count},
            contact=DAN,
            language="en",
            shared_by=by,
        )
        if by != carol.pk:  # Carol's customer has not paid
            sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    told = {one.user: (one.brought, one.brought_worth) for one in books_of(shop, today).people}
    worth = Order.objects.filter(shared_by=bob).aggregate(sum=Sum("total"))["sum"]
    assert told == {bob: (2, worth)}
    off = Order.objects.filter(shared_by=bob).first()
    give_refund(order=off, pieces={off.lines.get().pk: off.lines.get().quantity}, by=bob)
    (bobs,) = books_of(shop, today).people  # called off whole: it was no sale
    assert (bobs.brought, bobs.brought_worth) == (1, worth - off.total)


def test_money_that_is_owed_is_no_turnover(shop, paid, today):
    post(order=paid, reference="payment:late", posting=surplus(paid.total), at=timezone.now())
    total = books_of(shop, today).total
    assert (total.orders, total.surplus, total.gateway) == (1, paid.total, 2 * paid.total)
    assert total.goods + total.shipping == paid.total


def test_the_sums_are_those_of_the_ledger(shop, paid, today):
    total = books_of(shop, today).total
    assert total.goods + total.shipping + total.surplus - total.refunds == total.gateway


def test_another_day_another_shop_and_another_currency_are_not_in_it(
    shop, other_shop, paid, variant, store, bob, today
):
    sell_at_counter(variant=variant, store=store, by=bob)
    assert books_of(other_shop, today).total.orders == 0
    assert books_of(other_shop, today).people == []
    yesterday = Period(today.since - timedelta(days=1), today.since - timedelta(days=1))
    assert books_of(shop, yesterday).total == type(books_of(shop, yesterday).total)()
    LedgerEntry.objects.update(currency="USD")
    assert books_of(shop, today).total.goods == 0


def test_a_day_begins_and_ends_by_the_shops_clock(shop, paid, variant, store, bob):
    # 23:30 in Shanghai on the 28th is still the 28th there, and 15:30 UTC.
    late = datetime(2026, 11, 28, 15, 30, tzinfo=UTC)
    sell_at_counter(variant=variant, store=store, by=bob)
    LedgerEntry.objects.update(at=late)
    StockMovement.objects.update(at=late)
    day, after = (Period(date(2026, 11, n), date(2026, 11, n)) for n in (28, 29))
    assert (books_of(shop, day).total.orders, books_of(shop, day).total.pieces) == (1, 1)
    assert books_of(shop, after).total.orders == 0


def test_the_page_asks_as_often_for_two_years_as_for_a_day(
    as_carol, shop, paid, variant, store, bob, django_assert_max_num_queries
):
    sell_at_counter(variant=variant, store=store, by=bob)
    at = reverse("orders:books", args=[shop.slug])
    for since in (timezone.localdate(), timezone.localdate() - timedelta(days=700)):
        with django_assert_max_num_queries(16):
            page = as_carol.get(at, {"since": since})
        assert page.status_code == 200
        assert "By colleague" in page.text


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("2026-11-29", "2026-11-01", "The last day comes before the first."),
        ("2020-01-01", "2026-11-01", "Two years at once are the most."),
        ("yesterday", "2026-11-01", "Write a day such as 2026-03-26."),
        ("2026-02-30", "2026-11-01", "Write a day such as 2026-03-26."),
        ("9999-12-01", "9999-12-31", "Write a day of this century."),
        ("0001-01-01", "0001-01-02", "Write a day of this century."),
    ],
)
def test_days_that_are_none_stay_in_the_field_with_a_sentence(
    as_carol, shop, since, until, sentence
):
    page = as_carol.get(reverse("orders:books", args=[shop.slug]), {"since": since, "until": until})
    assert page.status_code == 200
    assert sentence in page.text
    assert since in page.text


def test_the_accountant_gets_every_entry_and_they_sum_to_nothing(as_carol, shop, paid, today):
    days = {"since": today.since, "until": today.until}
    answer = as_carol.get(reverse("orders:books_export", args=[shop.slug]), days)
    assert f"books-{today.since}-{today.until}.csv" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0][0] == "Time"
    assert len(rows) == 1 + LedgerEntry.objects.count()
    assert {row[2] for row in rows[1:]} == {paid.number}
    assert sum(Decimal(row[5]) for row in rows[1:]) == 0


def test_more_than_goes_into_one_file_is_said(as_carol, shop, paid, today, monkeypatch):
    monkeypatch.setattr("orders.views.books.MOST_EXPORTED", 1)
    days = {"since": today.since, "until": today.until}
    url = reverse("orders:books_export", args=[shop.slug])
    assert "Choose fewer days." in as_carol.get(url, days, follow=True).text


def test_a_clerk_does_not_see_the_books(as_bob, shop):
    for name in ("books", "books_export"):
        assert as_bob.get(reverse(f"orders:{name}", args=[shop.slug])).status_code == 403


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(since=days, length=st.integers(0, LONGEST - 1))
def test_the_slots_of_a_period_cover_it_once(since, length):
    period = Period(since, since + timedelta(days=length))
    slots = period.slots()
    assert slots == sorted(set(slots))
    assert len(slots) <= 62
    if period.by_month:
        assert slots[0] <= period.since
        assert slots[-1].replace(day=1) == period.until.replace(day=1)
    else:
        assert (slots[0], slots[-1], len(slots)) == (period.since, period.until, length + 1)


def test_left_out_it_is_this_month():
    assert PeriodForm({}, TODAY).period == Period(date(2026, 11, 1), date(2026, 11, 29))


@pytest.mark.django_db
def test_an_empty_shop_has_empty_books(shop, today):
    books = books_of(shop, today)
    assert (books.stores, books.people) == ([], [])
    assert not chart_of(books)["any"]
    assert len(list(entry_table(shop, today))) == 1
