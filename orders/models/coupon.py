"""The offer, and one shopper's claimed copy of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Customer, Merchant
from merchants.models.address import short_id
from orders.rules.coupon import VoucherState

VOUCHER_LABELS = {
    VoucherState.CLAIMED.value: _("Claimed"),
    VoucherState.REDEEMED.value: _("Redeemed"),
    VoucherState.EXPIRED.value: _("Expired"),
    VoucherState.REVOKED.value: _("Revoked"),
}


class CouponQuerySet(models.QuerySet["Coupon"]):
    def running(self, now: datetime) -> CouponQuerySet:
        """Coupons that can be claimed and used now."""
        return self.filter(starts_at__lte=now, ends_at__gt=now, stopped_at__isnull=True)


class Coupon(models.Model):
    """So much off from so much on. Counters are written only by orders.services.coupon."""

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="coupons")
    name = models.CharField(_("name"), max_length=30)
    amount = models.PositiveBigIntegerField(_("amount off"), help_text=_("In minor units."))
    threshold = models.PositiveBigIntegerField(_("from"), default=0)
    issued = models.PositiveIntegerField(_("copies"))
    per_customer = models.PositiveSmallIntegerField(_("copies per customer"), default=1)
    claimed = models.PositiveIntegerField(_("claimed"), default=0, editable=False)
    redeemed = models.PositiveIntegerField(_("redeemed"), default=0, editable=False)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CouponQuerySet.as_manager()
    if TYPE_CHECKING:
        phase: str  # set by orders.selectors.coupon
        few: bool

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(claimed__lte=F("issued")), name="never_over_issued"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="coupon_takes_something_off"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="coupon_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        return self.issued - self.claimed


class Voucher(models.Model):
    """`serial` counts a customer's copies; the constraint caps them even in a race."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="vouchers")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="vouchers")
    serial = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(
        _("state"), max_length=8, choices=VOUCHER_LABELS, default=VoucherState.CLAIMED.value
    )
    claimed_at = models.DateTimeField(_("claimed"))

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(fields=["coupon", "customer", "serial"], name="voucher_serial")
        ]

    def __str__(self) -> str:
        return f"{self.coupon} · {self.customer}"
