"""The process that `bench.inventory` watches: the goods list of a small and of a large shop.

DATABASE_URL=… python -m bench.listing [variants]
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.turns import in_turn  # noqa: E402
from merchants.models import (  # noqa: E402
    Category,
    Merchant,
    Product,
    Stock,
    StockMovement,
    Store,
    User,
    Variant,
)
from merchants.services.level import settle_levels  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import index_products  # noqa: E402

LITTLE, MUCH, ROUNDS = 1_000, 100_000, 40
NAMES = ("明前龙井", "黄山毛峰", "凤凰单丛", "桂花乌龙", "紫砂壶", "手工茶点", "竹茶盘", "白毫银针")
# What people do with the list, each as often: the plain list in each order, a word, a code, a
# tab, a category, one store, a page far down.
ASKED = (
    "",
    "?sort=new",
    "?sort=price",
    "?sort=name",
    "?q=longjing",
    "?q=龙井",
    "?q={sku}",
    "?q=nothing+like+it",
    "?stock=low",
    "?stock=out",
    "?category={category}",
    "?store={store}",
    "?page={last}",
)


@transaction.atomic
def fill(name: str, variants: int) -> Merchant:
    """A shop with two stores and `variants` variants, five for two products."""
    owner = User.objects.create_user(f"{name}@example.com", "bench")
    shop = open_merchant(owner=owner, name=name, store="One", city="Guangzhou", slug=name)
    Store.objects.create(merchant=shop, name="Two", city="Foshan", position=1)
    categories = [Category.objects.create(merchant=shop, name=f"c{n}") for n in range(4)]
    products = [
        Product(merchant=shop, name=f"{NAMES[n % 8]} {n}", category=categories[n % 4])
        for n in range(variants * 2 // 5)
    ]
    Product.objects.bulk_create(products, batch_size=500)
    sizes = [
        Variant(
            merchant=shop,
            product=products[n * 2 // 5],
            name=f"{n % 5}",
            sku=f"{name}-{n:06}",
            barcode=f"69{n:011}",
            price=100 * (n * 7 % 900 + 1),
        )
        for n in range(variants)
    ]
    Variant.objects.bulk_create(sizes, batch_size=500)
    _stock(shop, sizes)
    index_products(products)
    return shop


def _stock(shop: Merchant, sizes: list[Variant]) -> None:
    one, two = shop.stores.all()
    rows = [
        Stock(variant=size, store=store, on_hand=n % 40 if n * 2 // 5 % 50 else 0)
        for n, size in enumerate(sizes)
        for store in ((one, two) if n % 2 else (one,))
    ]
    Stock.objects.bulk_create(rows, batch_size=500)
    at = timezone.now() - timedelta(days=9)
    StockMovement.objects.bulk_create(
        [
            StockMovement(stock=r, delta=r.on_hand, reason="received", at=at)
            for r in rows
            if r.on_hand
        ],
        batch_size=500,
    )


def addresses(shop: Merchant) -> list[str]:
    count = shop.products.count()
    words = {
        "sku": shop.variants.order_by("pk")[count // 2].sku,
        "category": shop.categories.order_by("pk")[3].pk,
        "store": shop.stores.get(name="Two").pk,
        "last": count // 50,
    }
    return [f"/dashboard/{shop.slug}/products/{one.format(**words)}" for one in ASKED]


def measure(much: int) -> dict[str, object]:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["localhost"]
    call_command("migrate", verbosity=0)
    shops = {"little": fill("little", LITTLE), "much": fill("much", much)}
    settle_levels()
    asked = {name: addresses(shop) for name, shop in shops.items()}
    return {"variants": much, **in_turn(asked, ASKED, ROUNDS)}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MUCH)))
