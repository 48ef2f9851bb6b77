"""A worker in a process of its own, to be killed: `python -m tests.races.worker [duty]`."""

from __future__ import annotations

import os
import sys
import time

import django


def work(duty: str) -> None:
    """Do what is due, again and again, as the clock would make a worker do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from merchants import tasks

    while True:
        getattr(tasks, duty)()
        time.sleep(0.05)


if __name__ == "__main__":
    work(*(sys.argv[1:] or ["send_notifications"]))
