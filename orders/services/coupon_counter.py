"""The verbs of a coupon at the counter: take it off what is paid at the till, undo a mistake."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.errors import OutOfStock
from merchants.models import Stock, Store, User
from merchants.rules.stock import Reason
from merchants.services.stock import Entry, book
from merchants.signals import stock_changed
from orders.errors import CouponUnfit, GiftGone, SavesNothing, UndoneTooLate
from orders.models import CounterUse, Voucher
from orders.rules.coupon import may_undo
from orders.services.coupon import give_back_voucher, redeem_voucher


@transaction.atomic
def take_voucher(*, voucher: Voucher, store: Store, goods: int, by: User) -> CounterUse:
    """Use a voucher up for goods of that worth (minor units) which its coupon is good for. A gift
    leaves the stock of that store.

    Whether they are such goods the clerk sees. Raises SavesNothing, GiftGone, or CouponUnfit if it
    is used, over, another shop's, or not good at this store.
    """
    coupon = voucher.coupon
    saving, gives = coupon.terms.saving(goods), coupon.terms.brings_gift(goods)
    if not saving and not gives:
        raise SavesNothing
    if store.merchant_id != coupon.merchant_id:
        raise CouponUnfit
    if not coupon.good_at(store.pk):
        raise CouponUnfit(_("This coupon is not good at %(store)s.") % {"store": store.name})
    redeem_voucher(voucher=voucher, customer=voucher.customer)
    use = CounterUse.objects.create(
        voucher=voucher,
        store=store,
        goods=goods,
        saving=saving,
        gift=coupon.gift if gives else None,
        by=by,
        at=timezone.now(),
    )
    if gives:
        _move_gift(use, -1, Reason.COUNTER_SALE, by)
    return use


def _move_gift(use: CounterUse, delta: int, reason: Reason, by: User) -> None:
    """A piece leaves the store for nothing, or lies there again. Raises GiftGone, and as `book`."""
    assert use.gift is not None
    stock, _made = Stock.objects.get_or_create(variant=use.gift, store=use.store)
    entry = Entry(
        reason=reason,
        by=by,
        at=timezone.now(),
        reference=use.reference,
        note=use.voucher.coupon.name,
        unit_price=0,
    )
    try:
        book(stock=stock, delta=delta, entry=entry)
    except OutOfStock as trouble:
        words = {"goods": str(use.gift), "store": use.store.name}
        sentence = _("%(store)s has no %(goods)s left to give. The coupon stays good.") % words
        raise GiftGone(sentence, voucher=use.voucher_id) from trouble
    stock_changed.state(variant_ids={use.gift.pk})


@transaction.atomic
def undo_use(*, use: CounterUse, by: User, may_always: bool) -> bool:
    """It was a mistake: the voucher is good again, while its coupon lasts, and a gift lies in the
    store again. Again: no effect.

    `may_always`: a manager; others only for some hours (UndoneTooLate). A gift that cannot go back
    on the shelf: StoreClosed, TakenOut.
    """
    now = timezone.now()
    if not may_undo(use.at, now, is_manager=may_always):
        raise UndoneTooLate
    uses = CounterUse.objects.filter(pk=use.pk, undone_at=None)
    if not uses.update(undone_at=now, undone_by=by):
        return False
    give_back_voucher(voucher=use.voucher)
    if use.gift is not None:
        _move_gift(use, 1, Reason.RETURNED, by)
    return True
