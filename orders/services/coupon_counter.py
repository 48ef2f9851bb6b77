"""The verbs of a coupon at the counter: take it off what is paid at the till, undo a mistake."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from merchants.models import Store, User
from orders.errors import CouponUnfit, SavesNothing
from orders.models import CounterUse, Coupon, Voucher
from orders.rules.coupon import VoucherState
from orders.services.coupon import redeem_voucher


@transaction.atomic
def take_voucher(*, voucher: Voucher, store: Store, goods: int, by: User) -> CounterUse:
    """Use a voucher up for goods of that worth (minor units) which its coupon is good for.

    Whether they are such goods the clerk sees. Raises SavesNothing, or CouponUnfit if it is used,
    over, or another shop's.
    """
    saving = voucher.coupon.terms.saving(goods)
    if not saving:
        raise SavesNothing
    if store.merchant_id != voucher.coupon.merchant_id:
        raise CouponUnfit
    redeem_voucher(voucher=voucher, customer=voucher.customer)
    return CounterUse.objects.create(
        voucher=voucher, store=store, goods=goods, saving=saving, by=by, at=timezone.now()
    )


@transaction.atomic
def undo_use(*, voucher: Voucher) -> bool:
    """It was a mistake: the voucher is good again, while its coupon lasts. Again: no effect."""
    uses = CounterUse.objects.filter(voucher=voucher, undone_at=None)
    if not uses.update(undone_at=timezone.now()):
        return False
    Voucher.objects.filter(pk=voucher.pk).update(state=VoucherState.CLAIMED)
    Coupon.objects.filter(pk=voucher.coupon_id).update(redeemed=F("redeemed") - 1)
    return True
