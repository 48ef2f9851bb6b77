"""The process that `bench.draws` watches: one draw with 100,000 entries, closed, frozen and drawn.

DATABASE_URL=… python -m bench.lots [entries] [address file]

Prints its figures. With an address file it writes the path of the proof's page there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from livestream.models import Draw, Entry, Room  # noqa: E402
from livestream.services.draw import close_draw, draw_winners, open_draw  # noqa: E402
from livestream.services.room import make_room, schedule_room, start_room  # noqa: E402
from merchants.models import Customer, User  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import VariantData, save_product  # noqa: E402

ENTRIES, WINNERS = 100_000, 10


@transaction.atomic
def prepare(entries: int) -> Draw:
    """A show with an open draw; the entries are laid in as rows, for nobody waits for 100,000."""
    owner = User.objects.create_user("bench@example.com", "bench")
    shop = open_merchant(owner=owner, name="Bench", store="One", city="Guangzhou", slug="bench")
    tea = [VariantData(name="", sku="tea", price=1000)]
    product = save_product(merchant=shop, name="Tea", variants=tea)
    host, soon = shop.staff.get(), timezone.now() + timedelta(minutes=1)
    room: Room = make_room(
        merchant=shop, host=host, title="Bench of draws", starts_at=soon, products=[product]
    )
    start_room(room=schedule_room(room=room))
    terms = {"prize": "Tea", "winners": WINNERS, "minutes": 60, "entry_by": "follow"}
    draw = open_draw(room=room, by=host, **terms)
    people = [Customer(merchant=shop, device=uuid.uuid4()) for _ in range(entries)]
    Customer.objects.bulk_create(people, batch_size=500)
    pks = Customer.objects.order_by("pk").values_list("pk", flat=True)
    rows = [
        Entry(
            draw=draw, customer_id=pk, handle=secrets.token_hex(8), name="客人", at=draw.opened_at
        )
        for pk in pks
    ]
    Entry.objects.bulk_create(rows, batch_size=500)
    Draw.objects.filter(pk=draw.pk).update(entry_count=entries)
    return draw


def bare(draw: Draw) -> float:
    """Seconds of the same without a product around it: one SELECT, sort, and the hashes."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT handle FROM livestream_entry WHERE draw_id = %s", [draw.pk])
        handles = sorted(row[0] for row in cursor.fetchall())
    frozen = hashlib.sha256("".join(f"{one}\n" for one in handles).encode()).hexdigest()
    prefix = f"{draw.seed}||{frozen}|"
    sorted(handles, key=lambda one: hashlib.sha256(f"{prefix}{one}".encode()).digest())
    return time.perf_counter() - began


def timed(verb: object, **wanted: object) -> float:
    began = time.perf_counter()
    verb(**wanted)  # type: ignore[operator]
    return time.perf_counter() - began


def measure(entries: int, address: str = "") -> dict[str, object]:
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    draw = prepare(entries)
    floor = min(bare(draw) for _ in range(3))
    close = timed(close_draw, draw=draw)
    drawing = timed(draw_winners, draw=draw)
    if draw.entries.filter(place__isnull=False).count() != WINNERS:
        raise RuntimeError("it has not drawn what it should")
    if address:
        path = f"/live/{draw.room.public_id}/draws/{draw.public_id}/"
        Path(address).write_text(path, encoding="utf-8")
    return {"entries": entries, "close": close, "draw": drawing, "bare": floor}


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    print(json.dumps(measure(count, *sys.argv[2:3])))
