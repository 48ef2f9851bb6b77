"""What a shopper means to buy."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Variant


class CartItem(models.Model):
    """So many of one variant, on one device. A wish: it holds no stock and keeps no price."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="cart_items")
    device = models.UUIDField()
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="cart_items")
    quantity = models.PositiveIntegerField(_("quantity"))
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("cart item")
        verbose_name_plural = _("cart items")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["device", "variant"], name="once_in_a_cart"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cart_item_has_goods"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"
