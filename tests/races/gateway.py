"""A gateway for text messages that never answers."""

from __future__ import annotations

import time

from merchants.models import Notification


class Silent:
    """Takes the message and says nothing for a minute, as a hung provider does."""

    def send(self, notification: Notification) -> None:
        time.sleep(60)
        raise TimeoutError
