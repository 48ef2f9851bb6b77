"""Stores as shoppers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from merchants.models import Merchant, Staff


def stores_at(merchant: Merchant, now: datetime) -> list[Any]:
    """The merchant's stores in order, each with `is_open`: True, False, or None if unknown."""
    here = timezone.localtime(now)
    stores: list[Any] = list(merchant.stores.all())
    for store in stores:
        store.is_open = store.open_at(here)
    return stores


def serves_all(staff: Staff) -> bool:
    """Whether every store of the shop is hers: then what is said of all together is hers too."""
    return staff.is_manager or staff.stores.count() == staff.merchant.stores.count()
