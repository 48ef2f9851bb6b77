"""The process that `bench.hot` watches: so many buyers of one variant, by the real verb.

DATABASE_URL=postgres://… python -m bench.buying BUYERS SECONDS
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import threading
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from merchants.errors import OutOfStock  # noqa: E402
from merchants.models import Customer, Merchant, Stock, User, Variant  # noqa: E402
from merchants.rules.stock import Reason  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import VariantData, save_product  # noqa: E402
from merchants.services.stock import change_stock  # noqa: E402
from orders.models import Order  # noqa: E402
from orders.services.order import Contact, place_order  # noqa: E402

PROCESSES = 2
RUSH, PIECES = 2_000, 100  # buyers, and what there is for them


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
        variants=[VariantData(name="", sku=mark, price=100)],
        by=owner,
    )
    variant = product.variants.get()
    change_stock(
        variant=variant, store=shop.stores.get(), delta=pieces, reason=Reason.RECEIVED, by=owner
    )
    Customer.objects.create(merchant=shop)
    return variant


def buy(shop: Merchant, customer: Customer, variant: int, phone: str) -> Order:
    return place_order(
        merchant=shop,
        customer=customer,
        basket={variant: 1},
        contact=Contact(name="沈梅", phone=phone, region="CN-ZJ", city="杭州", address="清河坊 12"),
        language="en",
    )


def crowd(variant: int, threads: int, until: float, most: int, mark: int, answer: object) -> None:
    """One process: `threads` buyers who buy on and on till `until`, `most` times each."""
    shop = Variant.objects.get(pk=variant).merchant
    customer = Customer.objects.filter(merchant=shop).get()
    times: list[float] = []
    errors: list[str] = []

    def buyer(place: int) -> None:
        for count in range(most):
            if time.time() > until:
                break
            began = time.perf_counter()
            try:
                buy(shop, customer, variant, f"+86{mark:02}{place:03}{count:06}")
                times.append(time.perf_counter() - began)
            except OutOfStock:
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
    variant: Variant, buyers: int, seconds: float, most: int
) -> list[tuple[list[float], list[str], float, float]]:
    """All processes at once, and what each saw."""
    fresh = multiprocessing.get_context("spawn")
    answer = fresh.Queue()
    until = time.time() + seconds + 4  # they take a moment to begin
    each = [
        fresh.Process(
            target=crowd, args=(variant.pk, buyers // PROCESSES, until, most, mark, answer)
        )
        for mark in range(PROCESSES)
    ]
    for one in each:
        one.start()
    found = [answer.get() for _one in each]
    for one in each:
        one.join()
    return found


def measure(buyers: int, seconds: int) -> dict[str, object]:
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    variant = hot(1_000_000)
    customer = Customer.objects.filter(merchant=variant.merchant).get()
    with CaptureQueriesContext(connection) as seen:
        buy(variant.merchant, customer, variant.pk, "+8613900000000")
    found = crowds(variant, buyers, seconds, most=10**6)
    times = sorted(t for one in found for t in one[0])
    took = max(one[3] for one in found)
    cpu = sum(one[2] for one in found)
    stock = Stock.objects.get(variant=variant)
    placed = Order.objects.filter(merchant=variant.merchant).count()
    if stock.reserved != placed or placed != len(times) + 1:
        raise RuntimeError(f"{placed} orders, {stock.reserved} held, {len(times) + 1} answered")
    scarce = hot(PIECES)
    rush = crowds(scarce, buyers, 120, most=-(-RUSH // buyers))
    errors = [text for one in (*found, *rush) for text in one[1]]
    if errors:
        raise RuntimeError(f"{len(errors)} buyers met {errors[0]}")
    return {
        "per_s": len(times) / took,
        "p99_ms": statistics.quantiles(times, n=100)[-1] * 1000,
        "cpu_ms": cpu / len(times) * 1000,
        "cores": cpu / took,
        "queries": len(seen),
        "sold": Order.objects.filter(merchant=scarce.merchant).count(),
        "ids": {
            "merchant": variant.merchant_id,
            "customer": customer.pk,
            "variant": variant.pk,
            "stock": stock.pk,
        },
        "at": f"{timezone.now():%H:%M}",
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
