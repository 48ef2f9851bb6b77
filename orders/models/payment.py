"""Money in."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from merchants.models.address import secret_id
from orders.models.order import Order
from orders.rules.payment import PaymentState

PAYMENT_LABELS = {
    PaymentState.CREATED.value: _("Waiting"),
    PaymentState.SETTLED.value: _("Paid"),
    PaymentState.FAILED.value: _("Failed"),
}


class PaymentQuerySet(models.QuerySet["Payment"]):
    def to_ask(self, now: datetime) -> PaymentQuerySet:
        """Those whose provider is to be asked now what became of them (P3)."""
        return self.filter(next_ask_at__lte=now)


class Payment(models.Model):
    """One attempt to pay one order through one gateway, in one of its ways.

    `paid_back` is what its refunds have promised, done or not: the guard of P6. `next_ask_at` is
    set until the provider has said how it ended; `step` is what the shopper has to do there.
    `merchant` is the order's: a number that a provider gave is known once in a shop, and what one
    shop's account says takes no number from another's.
    """

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="payments")
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    gateway = models.CharField(_("gateway"), max_length=20)
    way = models.CharField(_("way to pay"), max_length=12, blank=True)
    transaction = models.CharField(_("transaction"), max_length=64, blank=True)
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    state = models.CharField(
        _("state"), max_length=8, choices=PAYMENT_LABELS, default=PaymentState.CREATED.value
    )
    refund_due = models.BooleanField(
        _("to be paid back"),
        default=False,
        help_text=_("It came when the order could no longer be filled, or came twice."),
    )
    paid_back = models.PositiveBigIntegerField(_("paid back"), default=0, editable=False)
    created_at = models.DateTimeField(_("opened"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    asks = models.PositiveSmallIntegerField(_("times asked"), default=0)
    next_ask_at = models.DateTimeField(_("next asked"), null=True, blank=True)
    trouble = models.CharField(_("what the gateway says"), max_length=200, blank=True)
    step = models.JSONField(default=dict, blank=True, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                "next_ask_at",
                name="payment_to_ask",
                condition=Q(next_ask_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(paid_back__lte=F("amount")), name="never_back_more_than_paid"
            ),
            models.UniqueConstraint(
                fields=["merchant", "gateway", "transaction"],
                condition=~Q(transaction=""),
                name="one_effect_per_transaction",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state=PaymentState.CREATED.value),
                name="one_open_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.public_id}"
