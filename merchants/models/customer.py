"""A shopper as known to one merchant."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant


class Customer(models.Model):
    """Belongs to the merchant, not to the platform.

    A guest is known by her `device` until she leaves a phone number at checkout. A phone typed by
    a guest proves nothing, so it never opens anybody's data: it only says to whom an order belongs.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="customers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="customers"
    )
    device = models.UUIDField(_("device"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "phone"], condition=~Q(phone=""), name="customer_phone_once"
            ),
            models.UniqueConstraint(
                fields=["merchant", "device"],
                condition=Q(device__isnull=False),
                name="customer_device_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or str(_("Guest"))
