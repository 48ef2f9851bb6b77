"""The offer, and one shopper's claimed copy of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Category, Customer, Merchant, Product, Store, Variant
from merchants.models.address import short_id
from orders.rules.coupon import OFF_GOODS, CouponKind, Terms, VoucherState

KIND_LABELS = {
    CouponKind.AMOUNT.value: _("Money off"),
    CouponKind.PERCENT.value: _("Percent off"),
    CouponKind.SHIPPING.value: _("Free shipping"),
    CouponKind.GIFT.value: _("Gift"),
}

VOUCHER_LABELS = {
    VoucherState.CLAIMED.value: _("Claimed"),
    VoucherState.REDEEMED.value: _("Redeemed"),
    VoucherState.EXPIRED.value: _("Expired"),
    VoucherState.REVOKED.value: _("Revoked"),
}


SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's 32: no I, L, O, U


class CouponQuerySet(models.QuerySet["Coupon"]):
    def running(self, now: datetime) -> CouponQuerySet:
        """Coupons that can be claimed and used now."""
        return self.filter(starts_at__lte=now, ends_at__gt=now, stopped_at__isnull=True)


class Coupon(models.Model):
    """What is off, from how much on, and for which goods: `scoped` to products and categories, or
    all. One whose goods are gone is good for none, not for all.

    A `local` one is good at its `stores` alone: collected there, or at their counters. A
    `stackable` one may be used beside another (orders.rules.coupon.may_join).

    With `valid_days` a voucher is good for so long from its claim, else until the coupon ends. Who
    knows the `code` may claim; `listed`, everybody who looks at the shop. Counters are written
    only by orders.services.coupon.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="coupons")
    name = models.CharField(_("name"), max_length=30)
    kind = models.CharField(
        _("kind"), max_length=8, choices=KIND_LABELS, default=CouponKind.AMOUNT.value
    )
    amount = models.PositiveBigIntegerField(
        _("amount off"), default=0, help_text=_("In minor units.")
    )
    percent = models.PositiveSmallIntegerField(_("percent off"), default=0)
    cap = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)
    gift = models.ForeignKey(
        Variant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("gift"),
        help_text=_("One piece of it comes with the order."),
    )
    local = models.BooleanField(_("at some stores only"), default=False, editable=False)
    stores = models.ManyToManyField(Store, related_name="coupons", blank=True)
    stackable = models.BooleanField(_("together with another"), default=False)
    scoped = models.BooleanField(_("for some goods only"), default=False, editable=False)
    products = models.ManyToManyField(Product, related_name="coupons", blank=True)
    categories = models.ManyToManyField(Category, related_name="coupons", blank=True)
    valid_days = models.PositiveSmallIntegerField(_("good for days"), null=True, blank=True)
    code = models.CharField(_("code"), max_length=16, blank=True, editable=False)
    listed = models.BooleanField(_("in the shop"), default=False)
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
            models.CheckConstraint(
                condition=Q(kind=CouponKind.AMOUNT.value, amount__gt=0)
                | Q(kind=CouponKind.PERCENT.value, percent__gt=0, percent__lt=100)
                | Q(kind=CouponKind.SHIPPING.value)
                | Q(kind=CouponKind.GIFT.value, gift__isnull=False),
                name="coupon_takes_something_off",
            ),
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="coupon_code_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="coupon_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        return self.issued - self.claimed

    @property
    def terms(self) -> Terms:
        return Terms(
            kind=CouponKind(self.kind),
            amount=self.amount,
            percent=self.percent,
            cap=self.cap,
            threshold=self.threshold,
            stackable=self.stackable,
        )

    @property
    def off_goods(self) -> bool:
        """It makes the goods cheaper; the others pay the parcel or bring a gift."""
        return self.kind in OFF_GOODS

    @property
    def most_cost(self) -> int | None:
        """What all copies come to if each is used, in minor units; None: that depends on orders."""
        gift = self.gift.price if self.gift is not None else None
        each = {CouponKind.AMOUNT: self.amount, CouponKind.PERCENT: self.cap, CouponKind.GIFT: gift}
        one = each.get(CouponKind(self.kind))
        return None if one is None else one * self.issued

    def good_at(self, store: int | None) -> bool:
        """Whether it is good for what is collected at that store; None: sent. No query, or one."""
        return not self.local or store in {one.pk for one in self.stores.all()}

    def covered(self, variants: Iterable[Variant]) -> set[int]:
        """The ids of those that it is good for. No query, or two."""
        if not self.scoped:
            return {one.pk for one in variants}
        products = {one.pk for one in self.products.all()}
        categories = {one.pk for one in self.categories.all()}
        return {
            one.pk
            for one in variants
            if one.product_id in products or one.product.category_id in categories
        }


class VoucherQuerySet(models.QuerySet["Voucher"]):
    def usable(self, now: datetime) -> VoucherQuerySet:
        """Claimed, not used, and still good."""
        # The coupon's end is asked beside the row, not joined to it: an UPDATE of these rows keeps
        # the state in its own WHERE, where the second of two that redeem at once fails on it.
        running = Coupon.objects.filter(ends_at__gt=now)
        own = Q(ends_at__gt=now) | Q(ends_at__isnull=True, coupon__in=running)
        return self.filter(own, state=VoucherState.CLAIMED)


def voucher_code() -> str:
    """12 signs of 32, in a spelling that nobody misreads: 60 bits."""
    return "".join(secrets.choice(SIGNS) for _sign in range(12))


class Voucher(models.Model):
    """`serial` counts a customer's copies; the constraint caps them even in a race. Without a time
    of its own it is good as long as its coupon. A clerk finds it by its `code`."""

    code = models.CharField(max_length=12, unique=True, default=voucher_code, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="vouchers")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="vouchers")
    serial = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(
        _("state"), max_length=8, choices=VOUCHER_LABELS, default=VoucherState.CLAIMED.value
    )
    claimed_at = models.DateTimeField(_("claimed"))
    ends_at = models.DateTimeField(_("good until"), null=True, blank=True)

    objects = VoucherQuerySet.as_manager()

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(fields=["coupon", "customer", "serial"], name="voucher_serial")
        ]

    def __str__(self) -> str:
        return f"{self.coupon} · {self.customer}"

    @property
    def good_until(self) -> datetime:
        return self.ends_at or self.coupon.ends_at


class CounterUse(models.Model):
    """A voucher that a clerk took at the counter: off what goods, and how much, or what was given.

    Written only by orders.services.coupon_counter. One that was `undone` was a mistake.
    """

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="counter_uses")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    goods = models.PositiveBigIntegerField(_("goods"), help_text=_("In minor units."))
    saving = models.PositiveBigIntegerField(_("taken off"))
    gift = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("gift")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("use at the counter")
        verbose_name_plural = _("uses at the counter")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(undone_at=None), name="voucher_at_one_counter"
            ),
            models.CheckConstraint(
                condition=Q(saving__gt=0, saving__lte=F("goods"), gift__isnull=True)
                | Q(saving=0, gift__isnull=False),
                name="counter_use_saves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher} @ {self.store}"

    @property
    def reference(self) -> str:
        """What the ledger of a gift's stock calls it."""
        return f"voucher {self.pk}"
