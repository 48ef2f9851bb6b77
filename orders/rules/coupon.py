"""What a coupon gives, and the life of a voucher. Pure; amounts in minor units.

claimed ──redeem──> redeemed ──give back──> claimed   (the order was cancelled or expired)
   ├──expire──> expired
   └──revoke──> revoked
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNDO = timedelta(hours=12)  # after which only a manager calls a use at the counter a mistake


def may_undo(taken_at: datetime, now: datetime, *, is_manager: bool) -> bool:
    return is_manager or now - taken_at <= UNDO


class VoucherState(StrEnum):
    CLAIMED = "claimed"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CouponKind(StrEnum):
    AMOUNT = "amount"
    PERCENT = "percent"
    SHIPPING = "shipping"
    GIFT = "gift"


# One order takes one of these, and beside it one of the others if both allow that.
OFF_GOODS = frozenset({CouponKind.AMOUNT, CouponKind.PERCENT})


@dataclass(frozen=True)
class Terms:
    """`amount` off, or `percent` off but never more than `cap`, or the parcel for nothing, or a
    gift; from goods worth `threshold` up, counting only goods that the coupon is good for.
    `stackable`: another coupon may be used beside it (`may_join`)."""

    kind: CouponKind
    amount: int = 0
    percent: int = 0
    cap: int | None = None
    threshold: int = 0
    stackable: bool = False

    def saving(self, goods: int) -> int:
        """What it takes off such goods: nothing below the threshold, never more than they cost.

        A percentage is rounded down, to whole minor units.
        """
        if goods < self.threshold or self.kind not in OFF_GOODS:
            return 0
        if self.kind is CouponKind.AMOUNT:
            return min(self.amount, goods)
        off = goods * self.percent // 100
        return off if self.cap is None else min(off, self.cap)

    def frees_parcel(self, goods: int) -> bool:
        """Whether a parcel with such goods costs nothing."""
        return self.kind is CouponKind.SHIPPING and 0 < goods >= self.threshold

    def brings_gift(self, goods: int) -> bool:
        """Whether something is given with such goods."""
        return self.kind is CouponKind.GIFT and 0 < goods >= self.threshold


def may_join(one: Terms, other: Terms) -> bool:
    """Whether two coupons may be used in one order: one that takes something off the goods, and one
    that pays the parcel or brings a gift, if both allow it."""
    both = one.stackable and other.stackable
    return both and (one.kind in OFF_GOODS) != (other.kind in OFF_GOODS)
