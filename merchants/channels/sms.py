"""Text messages. A gateway has one method, `send(notification)`, and raises when it fails."""

from __future__ import annotations

import logging
import sys
from typing import Protocol

from django.conf import settings

from merchants.models import Notification

logger = logging.getLogger(__name__)


class SmsGateway(Protocol):
    """What a provider's adapter looks like; `key` of the notification is its idempotency key.

    A code for signing in is a notification that was never saved and has no merchant.
    """

    def send(self, notification: Notification) -> None: ...


class NoGateway:
    """Where no SMS contract is connected: every message fails with the reason, none is lost."""

    def send(self, notification: Notification) -> None:
        raise ConnectionError("no SMS gateway is configured (SMS_GATEWAY)")


class ConsoleGateway:
    """Writes the message to standard output: for the counter that has no SMS contract yet."""

    def send(self, notification: Notification) -> None:
        link = f" {settings.SITE_URL}{notification.path}" if notification.path else ""
        sys.stdout.write(f"[sms to {notification.to}] {notification.body}{link}\n")
        sys.stdout.flush()
