"""The practice bank's own book. It belongs to the bank: the shop learns of it by messages alone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BankEntry(models.Model):
    """One charge (positive) or one refund of it (negative), once per number.

    `transaction` is the bank's number of the charge; `number` is the shop's number of what it
    asked for, so that asking again is answered from here.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    transaction = models.CharField(_("transaction"), max_length=64, db_index=True)
    amount = models.BigIntegerField(_("amount"), help_text=_("In minor units."))
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("practice bank entry")
        verbose_name_plural = _("practice bank entries")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.amount:+d}"
