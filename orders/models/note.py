"""What the staff write down about an order, for themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant


class OrderTag(models.Model):
    """A word that a shop sticks on orders."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="order_tags")
    name = models.CharField(_("name"), max_length=12)

    class Meta:
        verbose_name = _("order tag")
        verbose_name_plural = _("order tags")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="order_tag_once")]

    def __str__(self) -> str:
        return self.name


class OrderNote(models.Model):
    """A remark on an order; its customer never sees it. `by` is None if the customer caused it."""

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="notes")
    text = models.CharField(_("text"), max_length=600)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("order note")
        verbose_name_plural = _("order notes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text[:40]
