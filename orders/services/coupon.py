"""The verbs of coupons: issue, stop, claim, hand out, redeem, give back.

Never more claimed than issued and never more than the cap per customer: the count is guarded
inside the UPDATE, the cap by the unique serial (P8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from merchants.models import Customer, Merchant
from orders.errors import CouponClosed, CouponGone, CouponHeld, CouponUnfit
from orders.models import Coupon, Order, Voucher
from orders.rules.coupon import VoucherState
from orders.rules.line import GIVES_STOCK_BACK
from orders.signals import coupon_claimed

AT_ONCE = 500  # customers in one statement


@transaction.atomic
def issue_coupon(
    *,
    merchant: Merchant,
    name: str,
    amount: int,
    threshold: int,
    issued: int,
    starts_at: datetime,
    ends_at: datetime,
    per_customer: int = 1,
) -> Coupon:
    """A new coupon; claimable from `starts_at` until `ends_at` or until stopped."""
    return Coupon.objects.create(
        merchant=merchant,
        name=name,
        amount=amount,
        threshold=threshold,
        issued=issued,
        per_customer=per_customer,
        starts_at=starts_at,
        ends_at=ends_at,
    )


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
                coupon=coupon, customer=customer, serial=held + 1, claimed_at=now
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
        Voucher(coupon=locked, customer_id=one, serial=held[one] + 1, claimed_at=now)
        for one in chosen
    )
    Voucher.objects.bulk_create(copies, batch_size=AT_ONCE)
    Coupon.objects.filter(pk=locked.pk).update(claimed=F("claimed") + len(chosen))
    if chosen:
        coupon_claimed.state(coupon=coupon)
    return chosen


def _holders(coupon: Coupon, customers: Sequence[int]) -> Iterator[int]:
    """Each of these customers once for every copy that she holds."""
    for start in range(0, len(customers), AT_ONCE):
        some = customers[start : start + AT_ONCE]
        yield from Voucher.objects.filter(coupon=coupon, customer__in=some).values_list(
            "customer", flat=True
        )


def redeem_voucher(*, voucher: Voucher, customer: Customer) -> None:
    """Use a voucher for an order, in the order's transaction. Raises CouponUnfit.

    `customer` is who pays; her own redeemed copies count too, so that a second device does not
    get round the cap. Orders that came to nothing do not count.
    """
    coupon = voucher.coupon
    # Her row is locked: of two orders from two devices at once, the second sees the first.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    used = Order.objects.filter(
        customer=customer, voucher__coupon=coupon, voucher__state=VoucherState.REDEEMED
    ).exclude(state__in=GIVES_STOCK_BACK)
    if used.count() >= coupon.per_customer:
        raise CouponUnfit
    redeemed = Voucher.objects.filter(
        pk=voucher.pk, state=VoucherState.CLAIMED, coupon__ends_at__gt=timezone.now()
    ).update(state=VoucherState.REDEEMED)
    if not redeemed:
        raise CouponUnfit
    Coupon.objects.filter(pk=coupon.pk).update(redeemed=F("redeemed") + 1)


def give_back_voucher(*, voucher: Voucher) -> None:
    """The order came to nothing: the voucher is good again, while its coupon lasts."""
    back = Voucher.objects.filter(pk=voucher.pk, state=VoucherState.REDEEMED).update(
        state=VoucherState.CLAIMED
    )
    if back:
        Coupon.objects.filter(pk=voucher.coupon_id).update(redeemed=F("redeemed") - 1)
