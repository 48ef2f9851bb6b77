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
from orders.services.coupon import claim_coupon, redeem_voucher, stop_coupon


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
