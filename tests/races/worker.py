"""A worker in a process of its own, to be killed: `python -m tests.races.worker [duty [place]]`.

`duty` is a task of merchants, or `module:name`. At the first call of `place`, a `module:name` too,
the process ends as by kill -9: by its own hand, so that it is at that place and no other.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from importlib import import_module

import django


def work(duty: str, place: str = "") -> None:
    """Do what is due, again and again, as the clock would make a worker do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    module, name = duty.split(":") if ":" in duty else ("merchants.tasks", duty)
    act = getattr(import_module(module), name)
    if place:
        _mine(place)
    while True:
        act()
        time.sleep(0.05)


def _mine(place: str) -> None:
    module, name = place.split(":")

    def die(*_wanted: object, **_more: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(import_module(module), name, die)


if __name__ == "__main__":
    work(*(sys.argv[1:] or ["send_notifications"]))
