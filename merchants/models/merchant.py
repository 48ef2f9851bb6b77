"""The tenant: everything below belongs to exactly one merchant."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Merchant(models.Model):
    """A business with physical shops."""

    slug = models.SlugField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40)
    tagline = models.CharField(_("one line about the shop"), max_length=80, blank=True)
    logo = models.ImageField(_("picture"), upload_to="logos/", blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    country = models.CharField(
        _("country"), max_length=2, default="CN", help_text=_("ISO 3166-1, two letters.")
    )
    free_shipping_from = models.PositiveBigIntegerField(
        _("free shipping from"), default=9900, help_text=_("In minor units; 0 is always free.")
    )
    shipping_fee = models.PositiveBigIntegerField(_("shipping fee"), default=800)
    verified_at = models.DateTimeField(_("brand verified"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")

    def __str__(self) -> str:
        return self.name
