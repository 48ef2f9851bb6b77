"""The process that `bench.imports` watches: prints what it measured as JSON.

DATABASE_URL=… python -m bench.importing [rows]
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from merchants.models import (  # noqa: E402
    Merchant,
    Product,
    ProductWords,
    Stock,
    StockMovement,
    User,
    Variant,
)
from merchants.rules.column import Column  # noqa: E402
from merchants.services.import_run import run  # noqa: E402
from merchants.services.importing import (  # noqa: E402
    apply_import,
    begin_import,
    name_columns,
    undo_import,
)
from merchants.services.merchant import open_merchant  # noqa: E402

ROWS = 50_000


def sheet(rows: int) -> bytes:
    """A plain Chinese till's sheet: two specifications of each product."""
    lines = ["品名,规格,编码,条码,分类,零售价,现存"]
    lines += [
        f"茶 {n // 2},{'小大'[n % 2]},SKU{n:06},69{n:011},类{n % 20},{n % 900 + 1}.50,{n % 50 + 1}"
        for n in range(rows)
    ]
    return "\n".join(lines).encode()


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@transaction.atomic
def bare(shop: Merchant, rows: int) -> None:
    """The same rows, as fast as the ORM writes them when nobody asks any question."""
    products = [Product(merchant=shop, name=f"b {n}") for n in range(rows // 2)]
    Product.objects.bulk_create(products, batch_size=500)
    ProductWords.objects.bulk_create(
        [ProductWords(product=one, merchant=shop, text=one.name) for one in products],
        batch_size=500,
    )
    variants = [
        Variant(merchant=shop, product=products[n // 2], sku=f"b{n}", barcode=f"b{n}", price=1)
        for n in range(rows)
    ]
    Variant.objects.bulk_create(variants, batch_size=500)
    store = shop.stores.get()
    stock = [Stock(variant=variant, store=store, on_hand=3) for variant in variants]
    Stock.objects.bulk_create(stock, batch_size=500)
    now = timezone.now()
    StockMovement.objects.bulk_create(
        [StockMovement(stock=place, delta=3, reason="received", at=now) for place in stock],
        batch_size=500,
    )


def measure(rows: int) -> dict[str, float]:
    settings.DEBUG = False  # queries are not to be kept
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("bench@example.com", "bench")
    shop = open_merchant(owner=owner, name="Bench", store="One", city="Guangzhou", slug="bench")
    data = sheet(rows)
    before = peak_mb()
    batch = begin_import(
        merchant=shop,
        by=owner,
        file=io.BytesIO(data),
        file_name="goods.csv",
        store=shop.stores.get(),
    )
    columns = {int(at): Column(column) for at, column in batch.columns.items()}
    name_columns(batch=batch, columns=columns, store=batch.store)
    checking = seconds(lambda: run(batch.pk))
    batch.refresh_from_db()
    apply_import(batch=batch)
    applying = seconds(lambda: run(batch.pk))
    grown = peak_mb() - before
    batch.refresh_from_db()
    if shop.variants.count() != rows or batch.state != "done":
        raise RuntimeError("The import did not bring in every row.")
    plain = seconds(lambda: bare(shop, rows))
    undo_import(batch=batch)
    undoing = seconds(lambda: run(batch.pk))
    return {
        "rows": rows,
        "check": rows / checking,
        "apply": rows / applying,
        "apply_s": applying,
        "bare": rows / plain,
        "bare_s": plain,
        "undo": rows / undoing,
        "memory_mb": grown,
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))
