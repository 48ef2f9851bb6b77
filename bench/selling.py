"""The process that `bench.orders` watches: the orders list of a small and of a large shop.

DATABASE_URL=sqlite:///… python -m bench.selling [orders]
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench.turns import in_turn  # noqa: E402
from merchants.models import Customer, Merchant, Product, User, Variant  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import index_products  # noqa: E402
from orders.models import Order, OrderTag  # noqa: E402

LITTLE, MUCH, ROUNDS, GOODS = 1_000, 1_000_000, 20, 40
WAITING = 60  # at least so many wait in each tab, so that both shops show a whole page
NAMES = ("明前龙井", "黄山毛峰", "凤凰单丛", "桂花乌龙", "紫砂壶", "手工茶点", "竹茶盘", "白毫银针")
# What people do with the list, each as often: every tab, words, numbers, filters, pages further on.
ASKED = (
    "",
    "?tab=ready",
    "?tab=unpaid",
    "?tab=shipped",
    "?tab=refunds",
    "?tab=done",
    "?tab=ended",
    "?tab=all",
    "?tab=all&q={number}",
    "?tab=all&q={name}",
    "?tab=all&q=沈",
    "?tab=all&q={phone}",
    "?tab=all&q={end}",
    "?tab=all&q=龙井",
    "?tab=done&q=紫砂壶",
    "?tab=all&q=nothing+like+it",
    "?q=沈",
    "?tab=all&store=parcel",
    "?tab=all&store={store}",
    "?tab=all&since=2026-01-10&until=2026-01-12",
    "?tab=done&until=2026-01-20",
    "?tab=all&tag=rare",
    "?tab=all&tag=often",
    "?tab=all&page=4",
)
# One row for each number of `n`, made by the database: a million in a few seconds.
FILL = """
INSERT INTO orders_order (number, merchant_id, customer_id, state, name, phone, email, region,
  city, district, address, postcode, store_id, pickup_code, note, language, currency, goods,
  discount, shipping, total, placed_at, pay_by, paid_at)
WITH RECURSIVE seq(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM seq WHERE n + 1 < %(count)s)
SELECT substr(lower(printf('%%08x', (n * 2654435761) & 4294967295)) || printf('%%07d', n), 1, 15)
    || %(mark)s,
  %(merchant)s, %(customer)s,
  CASE WHEN n >= %(count)s - 60 THEN 'pending_payment'
       WHEN n >= %(count)s - 120 - %(more)s THEN 'paid'
       WHEN n >= %(count)s - 240 - 2 * %(more)s THEN 'shipped'
       WHEN n %% 12 = 0 THEN 'cancelled' ELSE 'completed' END,
  substr('沈李王陈周吴郑赵', n %% 8 + 1, 1) || 'n' || n,
  '+86138' || printf('%%08d', (n * 7919) %% 100000000), '', 'CN-ZJ', '杭州', '', '清河坊', '',
  CASE WHEN n %% 10 = 3 THEN %(store)s END, '123456', '', 'zh-hans', 'CNY', 16800, 0, 0, 16800,
  datetime('2026-01-01', '+' || (n * %(step)s) || ' seconds'),
  datetime('2026-01-01', '+' || (n * %(step)s + 900) || ' seconds'), NULL
FROM seq
"""
LINES = """
INSERT INTO orders_line (order_id, variant_id, title, quantity, list_price, unit_price,
  price_rule, discount, credit, asked_back, called_off, state)
SELECT o.id, v.id, p.name, 1, 16800, 16800, 'list', 0, 0, 0, 0, o.state
FROM orders_order o JOIN merchants_variant v ON v.id = %(first)s + o.id %% %(goods)s
JOIN merchants_product p ON p.id = v.product_id WHERE o.merchant_id = %(merchant)s
"""
TAGS = """
INSERT INTO orders_order_tags (order_id, ordertag_id)
SELECT id, %(tag)s FROM orders_order WHERE merchant_id = %(merchant)s AND id %% %(every)s = 1
"""
YEAR = 28_000_000  # seconds over which the orders are spread


@transaction.atomic
def fill(name: str, count: int) -> Merchant:
    """A shop with `count` orders of a line each, most of them long done."""
    owner = User.objects.create_user(f"{name}@example.com", "bench")
    shop = open_merchant(owner=owner, name=name, store="One", city="Guangzhou", slug=name)
    goods = [Product(merchant=shop, name=f"{NAMES[n % 8]} {n}") for n in range(GOODS)]
    Product.objects.bulk_create(goods)
    sizes = [
        Variant(merchant=shop, product=one, name="", sku=f"{name}-{one.pk}", price=16800)
        for one in goods
    ]
    sizes = Variant.objects.bulk_create(sizes)
    index_products(goods)
    buyer = Customer.objects.create(merchant=shop, name="沈梅")
    store = shop.stores.get()
    facts: dict[str, Any] = {
        "count": count,
        "more": count // 1000,
        "merchant": shop.pk,
        "customer": buyer.pk,
        "store": store.pk,
        "step": YEAR // count,
        "mark": name[0],
        "first": sizes[0].pk,
        "goods": GOODS,
    }
    tags = {
        OrderTag.objects.create(merchant=shop, name="rare"): max(count // 100, 10),
        OrderTag.objects.create(merchant=shop, name="often"): 5,
    }
    with connection.cursor() as cursor:
        for text in (FILL, LINES):
            cursor.execute(text, facts)
        for tag, every in tags.items():
            cursor.execute(TAGS, facts | {"tag": tag.pk, "every": every})
    return shop


def addresses(shop: Merchant) -> list[str]:
    one = Order.objects.filter(merchant=shop).order_by("pk")[LITTLE // 2]
    words = {
        "number": one.number[:10],
        "name": one.name,
        "phone": one.phone[3:],
        "end": one.phone[-4:],
        "store": shop.stores.get().pk,
    }
    return [f"/dashboard/{shop.slug}/orders/{each.format(**words)}" for each in ASKED]


def measure(much: int) -> dict[str, object]:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["localhost"]
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    shops = {"little": fill("little", LITTLE), "much": fill("much", much)}
    filled = time.monotonic() - began
    asked = {name: addresses(shop) for name, shop in shops.items()}
    return {"orders": much, "filled_s": filled, **in_turn(asked, ASKED, ROUNDS)}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MUCH)))
