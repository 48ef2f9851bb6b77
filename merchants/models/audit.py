"""Who did what that matters later: append-only, read in the admin."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant
from merchants.rules.audit import Action

ACTION_LABELS = {
    Action.VERIFICATION_SUBMITTED.value: _("Verification handed in"),
    Action.VERIFICATION_APPROVED.value: _("Verification approved"),
    Action.VERIFICATION_WITHDRAWN.value: _("Verification taken back"),
    Action.VERIFICATION_REJECTED.value: _("Verification rejected"),
    Action.STAFF_JOINED.value: _("Joined the staff"),
    Action.STAFF_CHANGED.value: _("Staff place changed"),
    Action.STAFF_REMOVED.value: _("Removed from the staff"),
    Action.STORE_CLOSED.value: _("Store closed"),
    Action.STORE_OPENED.value: _("Store opened again"),
    Action.GOODS_CHANGED.value: _("Several goods changed"),
    Action.STOCKTAKE_APPLIED.value: _("Stocktake booked"),
    Action.GATEWAY_CONNECTED.value: _("Payment account connected"),
    Action.GATEWAY_REMOVED.value: _("Payment account removed"),
}


class AuditEntry(models.Model):
    """Written in the transaction of what it tells, by merchants.services.audit."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="audit")
    action = models.CharField(_("action"), max_length=30, choices=ACTION_LABELS)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    about = models.CharField(_("about"), max_length=100)
    details = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["merchant", "-at"])]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.about}"
