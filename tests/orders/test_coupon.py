"""Coupons are never over-issued and never claimed beyond the cap (P8)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.models import Customer
from orders.errors import CouponClosed, CouponGone, CouponHeld, CouponUnfit
from orders.models import Coupon, Voucher
from orders.rules.line import LineState
from orders.services.coupon import claim_coupon, hand_out, redeem_voucher, stop_coupon
from orders.services.customer import customer_for_phone
from orders.services.order import move_order, place_order
from tests.conftest import DAN


def guest(shop) -> Customer:
    return Customer.objects.create(merchant=shop, device=uuid.uuid4())


def test_it_stops_at_the_last_copy(shop, coupon):
    Coupon.objects.update(issued=3)
    for _ in range(3):
        claim_coupon(coupon=coupon, customer=guest(shop))
    with pytest.raises(CouponGone):
        claim_coupon(coupon=coupon, customer=guest(shop))
    coupon.refresh_from_db()
    assert coupon.claimed == Voucher.objects.count() == 3


def test_the_database_refuses_what_a_mistake_let_through(coupon):
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.filter(pk=coupon.pk).update(claimed=coupon.issued + 1)


def test_one_each(dan, coupon):
    claim_coupon(coupon=coupon, customer=dan)
    with pytest.raises(CouponHeld):
        claim_coupon(coupon=coupon, customer=dan)
    coupon.refresh_from_db()
    assert coupon.claimed == 1


def test_a_stopped_or_finished_coupon_cannot_be_claimed(dan, coupon):
    stop_coupon(coupon=coupon)
    with pytest.raises(CouponClosed):
        claim_coupon(coupon=coupon, customer=dan)
    Coupon.objects.update(
        stopped_at=None,
        starts_at=timezone.now() - timedelta(days=2),
        ends_at=timezone.now() - timedelta(days=1),
    )
    with pytest.raises(CouponClosed):
        claim_coupon(coupon=coupon, customer=dan)


def test_a_voucher_is_used_once(dan, coupon):
    voucher = claim_coupon(coupon=coupon, customer=dan)
    redeem_voucher(voucher=voucher, customer=dan)
    with pytest.raises(CouponUnfit):
        redeem_voucher(voucher=voucher, customer=dan)
    coupon.refresh_from_db()
    assert coupon.redeemed == 1


def test_orders_that_came_to_nothing_do_not_count_towards_the_cap(shop, dan, variant, coupon):
    Coupon.objects.update(per_customer=2)
    coupon.refresh_from_db()
    first, second = (claim_coupon(coupon=coupon, customer=dan) for _ in range(2))

    def buy(voucher):
        voucher.refresh_from_db()
        return place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
            voucher=voucher,
        )

    move_order(order=buy(first), to=LineState.CANCELLED, by=None)
    buy(first)
    assert buy(second).discount == 2000


def test_a_second_device_does_not_get_round_the_cap(shop, dan, variant, coupon):
    vouchers = [claim_coupon(coupon=coupon, customer=guest(shop)) for _ in range(2)]
    redeem = {"merchant": shop, "customer": dan, "basket": {variant.pk: 1}, "contact": DAN}
    place_order(**redeem, language="en", voucher=vouchers[0])
    with pytest.raises(CouponUnfit):
        place_order(**redeem, language="en", voucher=vouchers[1])


def test_a_guest_who_named_a_number_a_moment_ago_keeps_it(shop, dan):
    stale = Customer.objects.get(pk=dan.pk)
    who = {"merchant": shop, "name": "沈梅", "email": ""}
    first = customer_for_phone(**who, phone="+8613800002688", guest=dan)
    second = customer_for_phone(**who, phone="+8613800002699", guest=stale)
    assert (first.pk, first.phone) == (dan.pk, "+8613800002688")
    assert second.pk != first.pk
    dan.refresh_from_db()
    assert dan.phone == "+8613800002688"


def test_a_voucher_ends_with_its_coupon(dan, coupon):
    voucher = claim_coupon(coupon=coupon, customer=dan)
    now = timezone.now()
    Coupon.objects.update(starts_at=now - timedelta(days=2), ends_at=now - timedelta(seconds=1))
    with pytest.raises(CouponUnfit):
        redeem_voucher(voucher=voucher, customer=dan)
    voucher.refresh_from_db()
    assert voucher.state == "claimed"


def test_copies_are_handed_out_in_turn_until_there_are_none(shop, coupon):
    Coupon.objects.update(issued=4)
    had, *others = [guest(shop) for _ in range(6)]
    claim_coupon(coupon=coupon, customer=had)
    turn = [had.pk, *(one.pk for one in others)]
    assert hand_out(coupon=coupon, customers=turn) == turn[1:4]
    coupon.refresh_from_db()
    assert coupon.claimed == Voucher.objects.count() == 4
    assert hand_out(coupon=coupon, customers=turn) == []


def test_whoever_is_named_twice_gets_one(shop, coupon):
    mei = guest(shop)
    assert hand_out(coupon=coupon, customers=[mei.pk, mei.pk]) == [mei.pk]
    assert Voucher.objects.get().customer == mei


def test_her_second_copy_is_her_second(shop, coupon):
    Coupon.objects.update(per_customer=2)
    coupon.refresh_from_db()
    mei = guest(shop)
    claim_coupon(coupon=coupon, customer=mei)
    assert hand_out(coupon=coupon, customers=[mei.pk]) == [mei.pk]
    assert hand_out(coupon=coupon, customers=[mei.pk]) == []
    assert set(Voucher.objects.values_list("serial", flat=True)) == {1, 2}


def test_of_a_stopped_coupon_nothing_is_handed_out(shop, coupon):
    stop_coupon(coupon=coupon)
    assert hand_out(coupon=coupon, customers=[guest(shop).pk]) == []
    assert not Voucher.objects.exists()


def test_a_thousand_copies_are_handed_out_in_a_few_statements(
    shop, coupon, django_assert_max_num_queries
):
    Coupon.objects.update(issued=1_000)
    Customer.objects.bulk_create(
        [Customer(merchant=shop, device=uuid.uuid4()) for _ in range(1_200)]
    )
    turn = list(shop.customers.values_list("pk", flat=True))
    with django_assert_max_num_queries(20):
        assert hand_out(coupon=coupon, customers=turn) == turn[:1_000]
    coupon.refresh_from_db()
    assert coupon.claimed == Voucher.objects.count() == 1_000
