"""The verbs of a coupon at the counter: take it off what is paid at the till, undo a mistake."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from merchants.models import Store, User
from orders.errors import CouponUnfit, SavesNothing, UndoneTooLate
from orders.models import CounterUse, Voucher
from orders.rules.coupon import may_undo
from orders.services.coupon import give_back_voucher, redeem_voucher


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
def undo_use(*, use: CounterUse, by: User, may_always: bool) -> bool:
    """It was a mistake: the voucher is good again, while its coupon lasts. Again: no effect.

    `may_always`: a manager; others only for some hours (UndoneTooLate).
    """
    now = timezone.now()
    if not may_undo(use.at, now, is_manager=may_always):
        raise UndoneTooLate
    uses = CounterUse.objects.filter(pk=use.pk, undone_at=None)
    if not uses.update(undone_at=now, undone_by=by):
        return False
    give_back_voucher(voucher=use.voucher)
    return True
