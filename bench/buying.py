"""The process that `bench.hot` watches: so many buyers of one variant, by the real verbs.

DATABASE_URL=postgres://… python -m bench.buying WAY BUYERS SECONDS

Three ways: each order in a transaction of its own (`alone`), those who press at the same moment
together (`together`, the way of the checkout), and out of the quota of a flash sale (`flash`, the
way of the room). Every answer waits for its commit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from livestream.errors import FlashOver  # noqa: E402
from livestream.models import FlashSale, Room  # noqa: E402
from livestream.services.flash import announce_flash  # noqa: E402
from livestream.services.room import make_room, schedule_room, start_room  # noqa: E402
from livestream.services.rush import buy_together  # noqa: E402
from merchants.errors import OutOfStock  # noqa: E402
from merchants.models import (  # noqa: E402
    Customer,
    Merchant,
    Reservation,
    Stock,
    User,
    Variant,
)
from merchants.rules.stock import Reason  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import VariantData, save_product  # noqa: E402
from merchants.services.request import Asked  # noqa: E402
from merchants.services.stock import change_stock  # noqa: E402
from orders.models import Order  # noqa: E402
from orders.services.order import Contact, place_order  # noqa: E402
from orders.services.order_batch import Wish, order_together  # noqa: E402

PROCESSES = 2
RUSH, PIECES = 2_000, 100  # buyers, and what there is for them
QUOTA = 1_000_000
PAST = 5_000  # orders that the shop had before

Buy = Callable[[str], object]


def hot(pieces: int) -> Variant:
    """A variant with so many pieces, in a shop of its own."""
    mark = f"s{time.time_ns()}"
    owner = User.objects.create_user(f"{mark}@example.com", "bench")
    shop = open_merchant(owner=owner, name="Tea", store="One", city="Guangzhou", slug=mark)
    product = save_product(
        merchant=shop,
        product=None,
        version=0,
        name="Keemun",
        variants=[VariantData(name="", sku=mark, price=200)],
        by=owner,
    )
    variant = product.variants.get()
    change_stock(
        variant=variant, store=shop.stores.get(), delta=pieces, reason=Reason.RECEIVED, by=owner
    )
    Customer.objects.create(merchant=shop)
    sold_before(shop)
    return variant


def sold_before(shop: Merchant) -> None:
    """A shop with a past, and tables whose figures the database knows as it does by itself within a
    minute: of a shop without any it believes that it has hardly a row."""
    now = timezone.now() - timedelta(days=30)
    people = [
        Customer(merchant=shop, device=uuid.uuid4(), phone=f"+861{n:010}") for n in range(PAST)
    ]
    facts = {"merchant": shop, "currency": "CNY", "goods": 100, "total": 100, "state": "completed"}
    times = {"placed_at": now, "pay_by": now + timedelta(minutes=15)}
    Order.objects.bulk_create(
        Order(customer=one, device=one.device, phone=one.phone, **facts, **times)
        for one in Customer.objects.bulk_create(people)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def on_sale(variant: Variant, quota: int) -> Room:
    """A room on air in which so many pieces of it are in a flash sale that runs."""
    shop = variant.merchant
    host = shop.staff.get()
    room = make_room(
        merchant=shop,
        host=host,
        title="Spring tea",
        starts_at=timezone.now() + timedelta(hours=1),
        products=[variant.product],
    )
    start_room(room=schedule_room(room=room))
    sale = announce_flash(
        room=room,
        item=room.items.get(),
        variant=variant,
        price=100,
        quota=quota,
        per_buyer=1,
        warm_up=10,
        minutes=10,
    )
    begun = timezone.now() - timedelta(seconds=1)
    FlashSale.objects.filter(pk=sale.pk).update(announced_at=begun, starts_at=begun)
    return room


def contact(phone: str) -> Contact:
    return Contact(name="沈梅", phone=phone, region="CN-ZJ", city="杭州", address="清河坊 12")


def wish(variant: int, phone: str) -> Wish:
    device = uuid.uuid4()
    asked = Asked(f"bench:{device}", phone, "0" * 64)
    return Wish({variant: 1}, contact(phone), "en", device, None, asked)


def way(name: str, variant: int) -> Buy:
    """The verb that a buyer presses, given her number."""
    shop = Variant.objects.get(pk=variant).merchant
    if name == "alone":
        customer = Customer.objects.filter(merchant=shop, device=None).get()
        return lambda phone: place_order(
            merchant=shop,
            customer=customer,
            basket={variant: 1},
            contact=contact(phone),
            language="en",
        )
    if name == "together":
        return lambda phone: order_together(shop, wish(variant, phone))
    room = shop.rooms.get()
    return lambda phone: buy_together(room, wish(variant, phone))


def crowd(
    name: str, variant: int, threads: int, until: float, most: int, mark: int, answer: object
) -> None:
    """One process: `threads` buyers who buy on and on till `until`, `most` times each."""
    buy = way(name, variant)
    times: list[float] = []
    errors: list[str] = []

    def buyer(place: int) -> None:
        for count in range(most):
            if time.time() > until:
                break
            began = time.perf_counter()
            try:
                buy(f"+86{mark:02}{place:03}{count:06}")
                times.append(time.perf_counter() - began)
            except (OutOfStock, FlashOver):
                pass
            except Exception as trouble:
                errors.append(repr(trouble))
        connections.close_all()

    connections.close_all()
    began, cpu = time.time(), time.process_time()
    rows = [threading.Thread(target=buyer, args=(place,)) for place in range(threads)]
    for row in rows:
        row.start()
    for row in rows:
        row.join()
    answer.put((times, errors, time.process_time() - cpu, time.time() - began))  # type: ignore[attr-defined]


def crowds(
    name: str, variant: Variant, buyers: int, seconds: float, most: int
) -> list[tuple[list[float], list[str], float, float]]:
    """All processes at once, and what each saw."""
    fresh = multiprocessing.get_context("spawn")
    answer = fresh.Queue()
    until = time.time() + seconds + 4  # they take a moment to begin
    each = [
        fresh.Process(
            target=crowd, args=(name, variant.pk, buyers // PROCESSES, until, most, mark, answer)
        )
        for mark in range(PROCESSES)
    ]
    for one in each:
        one.start()
    found = [answer.get() for _one in each]
    for one in each:
        one.join()
    errors = [text for one in found for text in one[1]]
    if errors:
        raise RuntimeError(f"{len(errors)} buyers met {errors[0]}")
    return found


def measure(name: str, buyers: int, seconds: int) -> dict[str, object]:
    """What one way carries, and how many of 2,000 buyers get one of 100 pieces by it."""
    variant = hot(QUOTA)
    if name == "flash":
        on_sale(variant, QUOTA)
    with CaptureQueriesContext(connection) as seen:
        way(name, variant.pk)("+8613900000000")
    found = crowds(name, variant, buyers, seconds, most=10**6)
    times = sorted(t for one in found for t in one[0])
    took = max(one[3] for one in found)
    cpu = sum(one[2] for one in found)
    placed = Order.objects.filter(merchant=variant.merchant, state="pending_payment").count()
    held = Reservation.objects.filter(merchant=variant.merchant, closed_at=None)
    held = held.exclude(reference__startswith="flash:").aggregate(pieces=Sum("quantity"))["pieces"]
    if held != placed or placed != len(times) + 1:
        raise RuntimeError(f"{placed} orders, {held} held, {len(times) + 1} answered")
    scarce = hot(PIECES)
    if name == "flash":
        on_sale(scarce, PIECES)
    crowds(name, scarce, buyers, 120, most=-(-RUSH // buyers))
    stock = Stock.objects.get(variant=variant)
    return {
        "per_s": len(times) / took,
        "p99_ms": statistics.quantiles(times, n=100)[-1] * 1000,
        "cpu_ms": cpu / len(times) * 1000,
        "cores": cpu / took,
        "queries": len(seen),
        "sold": Order.objects.filter(merchant=scarce.merchant, state="pending_payment").count(),
        "ids": {
            "merchant": variant.merchant_id,
            "customer": variant.merchant.customers.first().pk,  # type: ignore[union-attr]
            "variant": variant.pk,
            "stock": stock.pk,
        },
    }


if __name__ == "__main__":
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
