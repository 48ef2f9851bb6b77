"""Providers of news about parcels, a package each; `tracker.Tracker` says what one offers.

A shop that has connected none simply says itself that a parcel has arrived.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from django.conf import settings

from orders.models import GatewayAccount

if TYPE_CHECKING:
    from orders.tracking.tracker import Tracker

TRACKERS = {
    "kuaidi100": "orders.tracking.kuaidi100",
    "practice": "orders.tracking.sandbox",
}


def usable() -> list[str]:
    """The trackers that can be asked here: the practice one only where money is practice too."""
    return [name for name in TRACKERS if name != "practice" or settings.SANDBOX_PAYMENTS]


def account_of(merchant_id: int) -> GatewayAccount | None:
    """The shop's account with a tracker; a real one before the practice one."""
    mine = GatewayAccount.objects.filter(merchant=merchant_id, gateway__in=usable())
    return mine.order_by("gateway").first()  # kuaidi100, practice


def tracker_of(name: str) -> Tracker:
    """Raises KeyError."""
    return cast("Tracker", import_module(TRACKERS[name]))
