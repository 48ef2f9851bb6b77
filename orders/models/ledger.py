"""The books: every movement of money is an entry (P7)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from orders.models.order import Order
from orders.rules.ledger import Account

ACCOUNT_LABELS = {
    Account.GATEWAY.value: _("At the payment provider"),
    Account.GOODS.value: _("Goods sold"),
    Account.SHIPPING.value: _("Shipping"),
    Account.REFUNDS.value: _("Refunds"),
    Account.SURPLUS.value: _("Paid too much, to go back"),
}


class LedgerEntry(models.Model):
    """One side of one movement. The entries of a `reference` sum to zero; none ever changes.

    `reference` names the movement: `payment:<public id>` or `refund:<public id>`. Positive: the
    account has more.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="ledger")
    order = models.ForeignKey(Order, models.PROTECT, related_name="ledger")
    reference = models.CharField(_("reference"), max_length=40)
    account = models.CharField(_("account"), max_length=8, choices=ACCOUNT_LABELS)
    amount = models.BigIntegerField(_("amount"), help_text=_("In minor units."))
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["pk"]
        indexes = [models.Index(fields=["merchant", "at"])]
        constraints = [
            models.UniqueConstraint(fields=["reference", "account"], name="entry_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="entry_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.get_account_display()}"
