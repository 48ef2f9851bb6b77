"""A worker in a process of its own, to be killed: `python -m tests.races.worker`."""

from __future__ import annotations

import os
import time

import django


def work() -> None:
    """Send what is due, again and again, as the clock would make a worker do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from merchants.tasks import send_notifications

    while True:
        send_notifications()
        time.sleep(0.05)


if __name__ == "__main__":
    work()
