"""Stores as shoppers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from merchants.models import Merchant


def stores_at(merchant: Merchant, now: datetime) -> list[Any]:
    """The merchant's stores in order, each with `is_open`: True, False, or None if unknown."""
    here = timezone.localtime(now)
    stores: list[Any] = list(merchant.stores.all())
    for store in stores:
        store.is_open = store.open_at(here)
    return stores
