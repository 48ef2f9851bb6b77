"""The verbs of coupons: issue, stop, claim, hand out, redeem, give back.

Never more claimed than issued and never more than the cap per customer: the count is guarded
inside the UPDATE, the cap by the unique serial (P8).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from merchants.models import Category, Customer, Merchant, Product, Store
from orders.errors import CodeUnknown, CouponClosed, CouponGone, CouponHeld, CouponUnfit
from orders.models import CounterUse, Coupon, Order, Voucher
from orders.models.coupon import voucher_code
from orders.rules.coupon import VoucherState
from orders.rules.line import GIVES_STOCK_BACK
from orders.signals import coupon_claimed

AT_ONCE = 500  # customers in one statement


@transaction.atomic
def issue_coupon(
    *,
    merchant: Merchant,
    name: str,
    issued: int,
    starts_at: datetime,
    ends_at: datetime,
    products: Iterable[Product] = (),
    categories: Iterable[Category] = (),
    stores: Iterable[Store] = (),
    with_code: bool = False,
    **terms: Any,
) -> Coupon:
    """A new coupon; claimable from `starts_at` until `ends_at` or until stopped.

    `terms` are the other columns of Coupon: kind, amount, percent, cap, gift, threshold,
    per_customer, valid_days, listed, stackable. With `stores` it is good at these alone. With a
    code, whoever knows it may claim: 60 bits that nobody guesses.
    """
    products, categories, stores = list(products), list(categories), list(stores)
    coupon = Coupon.objects.create(
        merchant=merchant,
        scoped=bool(products or categories),
        local=bool(stores),
        name=name,
        issued=issued,
        starts_at=starts_at,
        ends_at=ends_at,
        code=voucher_code() if with_code else "",
        **terms,
    )
    coupon.products.set(products)
    coupon.categories.set(categories)
    coupon.stores.set(stores)
    return coupon


def spelt_code(typed: str) -> str:
    """A typed code as it is kept: spaces, hyphens, width and case do not matter."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in plain if sign.isalnum())[:16]


@transaction.atomic
def claim_by_code(*, typed: str, customer_at: Callable[[Merchant], Customer]) -> Voucher:
    """One copy for who knows the code, at whichever shop it is good.

    `customer_at` says who she is there. Unknown, stopped, over and spent are answered alike
    (CodeUnknown), so that a guess learns nothing. Raises CouponHeld if she has hers.
    """
    code = spelt_code(typed)
    found = Coupon.objects.select_related("merchant").filter(code=code).exclude(code="").first()
    if found is None:
        raise CodeUnknown
    try:
        return claim_coupon(coupon=found, customer=customer_at(found.merchant))
    except (CouponClosed, CouponGone) as trouble:
        raise CodeUnknown from trouble


@transaction.atomic
def stop_coupon(*, coupon: Coupon) -> None:
    """No more copies. What was claimed stays good: a promise is a promise."""
    Coupon.objects.filter(pk=coupon.pk, stopped_at__isnull=True).update(stopped_at=timezone.now())


@transaction.atomic
def claim_coupon(*, coupon: Coupon, customer: Customer) -> Voucher:
    """One copy for `customer`. Raises CouponClosed, CouponHeld or CouponGone."""
    now = timezone.now()
    if not Coupon.objects.running(now).filter(pk=coupon.pk).exists():
        raise CouponClosed
    held = Voucher.objects.filter(coupon=coupon, customer=customer).count()
    if held >= coupon.per_customer:
        raise CouponHeld
    taken = Coupon.objects.filter(pk=coupon.pk, claimed__lt=F("issued")).update(
        claimed=F("claimed") + 1
    )
    if not taken:
        raise CouponGone
    try:
        with transaction.atomic():
            voucher = Voucher.objects.create(
                coupon=coupon,
                customer=customer,
                serial=held + 1,
                claimed_at=now,
                ends_at=_good_until(coupon, now),
            )
    except IntegrityError as trouble:
        raise CouponHeld from trouble
    coupon_claimed.state(coupon=coupon)
    return voucher


@transaction.atomic
def hand_out(*, coupon: Coupon, customers: Sequence[int]) -> list[int]:
    """A copy each for the first of these customers for whom there is one and who does not hold her
    share already; returns who got one. A few statements, however many they are.

    None if the coupon is closed. Its row is ours meanwhile: whoever claims beside us waits.
    """
    now = timezone.now()
    held_open = Coupon.objects.running(now).select_for_update(no_key=True).filter(pk=coupon.pk)
    locked = held_open.first()
    if locked is None:
        return []
    held = Counter(_holders(locked, customers))
    free = [one for one in dict.fromkeys(customers) if held[one] < locked.per_customer]
    chosen = free[: locked.left]
    copies = (
        Voucher(
            coupon=locked,
            customer_id=one,
            serial=held[one] + 1,
            claimed_at=now,
            ends_at=_good_until(locked, now),
        )
        for one in chosen
    )
    Voucher.objects.bulk_create(copies, batch_size=AT_ONCE)
    Coupon.objects.filter(pk=locked.pk).update(claimed=F("claimed") + len(chosen))
    if chosen:
        coupon_claimed.state(coupon=coupon)
    return chosen


def _good_until(coupon: Coupon, now: datetime) -> datetime | None:
    return now + timedelta(days=coupon.valid_days) if coupon.valid_days else None


def _holders(coupon: Coupon, customers: Sequence[int]) -> Iterator[int]:
    """Each of these customers once for every copy that she holds."""
    for start in range(0, len(customers), AT_ONCE):
        some = customers[start : start + AT_ONCE]
        yield from Voucher.objects.filter(coupon=coupon, customer__in=some).values_list(
            "customer", flat=True
        )


def redeem_voucher(*, voucher: Voucher, customer: Customer) -> None:
    """Use a voucher for an order, in the order's transaction. Raises CouponUnfit.

    `customer` is who pays; her own redeemed copies count too, and those of the device that claimed
    this one, so that a second device or the counter does not get round the cap. Orders that came to
    nothing do not count.
    """
    coupon, claimer = voucher.coupon, voucher.customer
    hers = Q(customer=customer) | (Q(device=claimer.device) if claimer.device else Q(pk__in=[]))
    # Her row is locked: of two orders from two devices at once, the second sees the first.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    place = "voucher" if coupon.off_goods else "extra"
    with_it = {f"{place}__coupon": coupon, f"{place}__state": VoucherState.REDEEMED}
    used = Order.objects.filter(hers, **with_it).exclude(state__in=GIVES_STOCK_BACK)
    taken = CounterUse.objects.filter(
        voucher__coupon=coupon, voucher__customer__in=[customer, claimer], undone_at=None
    )
    if used.count() + taken.count() >= coupon.per_customer:
        raise CouponUnfit(voucher=voucher.pk)
    usable = Voucher.objects.usable(timezone.now()).filter(pk=voucher.pk)
    redeemed = usable.update(state=VoucherState.REDEEMED)
    if not redeemed:
        raise CouponUnfit(voucher=voucher.pk)
    Coupon.objects.filter(pk=coupon.pk).update(redeemed=F("redeemed") + 1)


def give_back_voucher(*, voucher: Voucher) -> None:
    """The order came to nothing: the voucher is good again, while its coupon lasts."""
    back = Voucher.objects.filter(pk=voucher.pk, state=VoucherState.REDEEMED).update(
        state=VoucherState.CLAIMED
    )
    if back:
        Coupon.objects.filter(pk=voucher.coupon_id).update(redeemed=F("redeemed") - 1)
