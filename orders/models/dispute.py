"""A refusal that the buyer does not accept: the platform decides."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from orders.models.refund import Refund
from orders.rules.dispute import MOST_TEXT, Verdict

VERDICT_LABELS = {
    Verdict.GIVEN.value: _("The money goes back"),
    Verdict.STANDS.value: _("The refusal stands"),
}


class Dispute(models.Model):
    """Once for each refusal. The refusal stays what it is: what is agreed after all is a refund of
    its own (`outcome`). Written only by orders.services.dispute; decided once, for good.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, verbose_name=_("merchant"), related_name="disputes"
    )
    refund = models.OneToOneField(
        Refund, models.PROTECT, verbose_name=_("refund"), related_name="dispute"
    )
    words = models.CharField(_("the buyer says"), max_length=MOST_TEXT)
    opened_at = models.DateTimeField(_("asked the platform"))
    answer = models.CharField(_("the shop says"), max_length=MOST_TEXT, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    verdict = models.CharField(_("decision"), max_length=8, choices=VERDICT_LABELS, blank=True)
    reason = models.CharField(
        _("why"), max_length=MOST_TEXT, blank=True, help_text=_("Buyer and shop read it.")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    outcome = models.OneToOneField(
        Refund,
        models.PROTECT,
        verbose_name=_("the refund that was given"),
        null=True,
        blank=True,
        related_name="granted_by",
    )

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", decided_at=None) | ~Q(verdict="") & ~Q(decided_at=None),
                name="dispute_decided_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome=None) | Q(verdict=Verdict.GIVEN.value),
                name="dispute_gives_if_given",
            ),
        ]
        indexes = [
            models.Index("opened_at", name="dispute_waits", condition=Q(decided_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.refund}"

    @property
    def is_open(self) -> bool:
        return self.decided_at is None
