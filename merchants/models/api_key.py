"""Keys with which programs open the second door."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import AbstractAPIKey

from merchants.models.merchant import Merchant


class MerchantKey(AbstractAPIKey):
    """Opens `/api/v1/merchants/<merchant>/` of one merchant. Only its hash is stored."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="api_keys")

    class Meta(AbstractAPIKey.Meta):
        verbose_name = _("API key")  # type: ignore[assignment]
        verbose_name_plural = _("API keys")  # type: ignore[assignment]
