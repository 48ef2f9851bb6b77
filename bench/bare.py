"""What one row costs, with nothing around it: the floor of a write. Prints it as JSON.

python -m bench.bare chat      a line of chat each in a transaction of its own
python -m bench.bare likes     one UPDATE of the room's counter for each heart
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from livestream.models import Message, Room  # noqa: E402

SECONDS = 3


def chat(room: Room) -> None:
    with transaction.atomic():
        Message.objects.create(room=room, author_name="Guest", text="hello", at=timezone.now())


def likes(room: Room) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE livestream_room SET likes = likes + 1 WHERE id = %s", [room.pk])


def measure(act: Callable[[Room], None]) -> dict[str, float]:
    """How many a second one after the other, and how long 95 of 100 take."""
    room = Room.objects.get()
    took: list[float] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.monotonic()
        act(room)
        took.append(time.monotonic() - began)
    p95 = sorted(took)[int(len(took) * 0.95)]
    return {"per_s": len(took) / sum(took), "p95_ms": p95 * 1000}


if __name__ == "__main__":
    print(json.dumps(measure({"chat": chat, "likes": likes}[sys.argv[1]])))
