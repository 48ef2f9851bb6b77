"""Where news can go, and when to try again. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

MOST_ATTEMPTS = 8


class Channel(StrEnum):
    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts: 10 s doubling to an hour; None gives up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return timedelta(seconds=min(10 * 2 ** (attempts - 1), 3600))
