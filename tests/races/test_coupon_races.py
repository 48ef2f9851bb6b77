"""One use of a coupon, wanted at the counter and online at the same moment (P8)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError
from django.utils import timezone

from merchants.models import Customer
from orders.errors import CouponUnfit
from orders.models import CounterUse, Coupon, Order, Voucher
from orders.rules.coupon import VoucherState
from orders.services import coupon_counter
from orders.services import order as verbs
from orders.services.coupon import claim_coupon
from orders.services.coupon_counter import take_voucher
from orders.services.order import place_order
from tests.conftest import DAN
from tests.races.shopper import at_once, nothing_is_broken
from tests.races.test_refund_races import refusals

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
EACH, ROUNDS = 4, 3


@pytest.fixture
def sides(transactional_db, shop, store, coupon, variant, bob) -> Callable[..., tuple]:
    """What a clerk does with one copy, and what its owner does with one at home."""

    def sides(owner: Customer, at_counter: Voucher, online: Voucher) -> tuple:
        clerk = partial(take_voucher, voucher=at_counter, store=store, goods=20000, by=bob)
        home = partial(
            place_order,
            merchant=shop,
            customer=owner,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
            voucher=online,
        )
        return clerk, home

    return sides


def somebody(shop) -> Customer:
    return Customer.objects.create(merchant=shop, device=uuid.uuid4())


def uses(voucher: Voucher) -> int:
    taken = CounterUse.objects.filter(voucher=voucher, undone_at=None).count()
    return taken + Order.objects.filter(voucher=voucher).count()


@pytest.mark.parametrize("counters", [1, 2], ids=["a_counter_and_a_phone", "counters_alone"])
def test_one_copy_is_used_once(shop, coupon, sides, counters, settings):
    settings.OPEN_ORDERS = 100
    for _round in range(ROUNDS):
        dan = somebody(shop)
        voucher = claim_coupon(coupon=coupon, customer=dan)
        clerk, home = sides(dan, voucher, voucher)
        results = at_once([clerk, home] * EACH if counters == 1 else [clerk] * 2 * EACH)
        assert len(refusals(results)) == 2 * EACH - 1
        assert all(isinstance(one, CouponUnfit) for one in refusals(results))
        assert uses(voucher) == 1
        assert nothing_is_broken()


def test_the_last_use_within_the_cap_is_one_too(shop, coupon, sides, settings):
    """Two copies, claimed on two devices, and one customer may use one of them."""
    settings.OPEN_ORDERS = 100
    Coupon.objects.update(per_customer=1)
    for _round in range(ROUNDS):
        dan, other = somebody(shop), somebody(shop)
        hers, second = (claim_coupon(coupon=coupon, customer=one) for one in (dan, other))
        clerk, home = sides(dan, hers, second)
        results = at_once([clerk, home] * EACH)
        assert all(isinstance(one, CouponUnfit) for one in refusals(results))
        assert uses(hers) + uses(second) == 1
        assert nothing_is_broken()


def test_looking_first_and_writing_then_uses_it_twice(shop, coupon, sides, monkeypatch):
    """The negative control: both look at the copy before anybody opens a transaction, as two
    pages do, and neither asks again as it writes."""
    dan = somebody(shop)
    voucher = claim_coupon(coupon=coupon, customer=dan)

    def write(*, voucher: Voucher, customer: Customer) -> None:
        Voucher.objects.filter(pk=voucher.pk).update(state=VoucherState.REDEEMED)

    monkeypatch.setattr(verbs, "redeem_voucher", write)
    monkeypatch.setattr(coupon_counter, "redeem_voucher", write)

    def unguarded(act: Callable[[], object]) -> object:
        if not Voucher.objects.usable(timezone.now()).filter(pk=voucher.pk).exists():
            raise CouponUnfit
        time.sleep(0.2)
        return act()

    clerk, home = sides(dan, voucher, voucher)
    results = at_once([partial(unguarded, clerk), partial(unguarded, home)])
    assert refusals(results) == [] or isinstance(refusals(results)[0], IntegrityError)
    assert uses(voucher) == 2
