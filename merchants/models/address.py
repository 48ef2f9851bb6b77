"""Random public ids: 5 bits a letter."""

from __future__ import annotations

import secrets

from merchants.rules.address import spell


def short_id() -> str:
    """50 bits: enough that nobody walks the addresses of public things."""
    return spell(secrets.randbits(50), 10)


def secret_id() -> str:
    """80 bits: an address that is itself the key, such as an order's tracking page."""
    return spell(secrets.randbits(80), 16)
