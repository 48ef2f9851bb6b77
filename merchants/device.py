"""Who a guest is: a random id kept in her session, and the nickname she chose."""

from __future__ import annotations

import uuid
from typing import Any

from merchants.models import Customer, Merchant


def device_of(session: Any) -> uuid.UUID:
    """The device id of this session, made on first need."""
    if "device" not in session:
        session["device"] = str(uuid.uuid4())
    return uuid.UUID(session["device"])


def known_device(session: Any) -> uuid.UUID | None:
    """The device id of this session, if it has one already. Writes nothing."""
    return uuid.UUID(session["device"]) if "device" in session else None


def known_guest(session: Any, merchant: Merchant) -> Customer | None:
    """The shopper of this session, if the merchant knows her already. Writes nothing."""
    device = session.get("device")
    return Customer.objects.filter(merchant=merchant, device=device).first() if device else None


def customer_of(session: Any, merchant: Merchant) -> Customer:
    """The shopper as this merchant knows her device, made on first need."""
    return Customer.objects.get_or_create(merchant=merchant, device=device_of(session))[0]
