"""With which providers a shop takes money, and under which numbers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, User


class GatewayAccount(models.Model):
    """A shop's own account with a provider: of payments, or of news about parcels.

    Written only by orders.services.gateway.

    `number` is what everybody may see (the merchant number, the app id); `sealed` holds the keys,
    and only orders.payments.vault reads it.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="gateways")
    gateway = models.CharField(_("gateway"), max_length=20)
    number = models.CharField(_("merchant number"), max_length=40)
    sealed = models.TextField(editable=False)
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    connected_at = models.DateTimeField(_("connected"))

    class Meta:
        verbose_name = _("payment account")
        verbose_name_plural = _("payment accounts")
        ordering = ["gateway"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "gateway"], name="one_account_per_gateway")
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.number}"
