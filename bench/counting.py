"""Count the queries of pages with little and with much in them. Prints them as JSON.

DATABASE_URL=… python -m bench.counting
"""

from __future__ import annotations

import io
import json
import os
import time
import uuid
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from PIL import Image  # noqa: E402

from livestream.services.chat import say  # noqa: E402
from livestream.services.line import Voice  # noqa: E402
from livestream.services.room import make_room, schedule_room, start_room  # noqa: E402
from livestream.services.shelf import show_item  # noqa: E402
from merchants.models import Customer, Merchant, Product, User  # noqa: E402
from merchants.rules.stock import Reason  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.photo import add_photo  # noqa: E402
from merchants.services.product import VariantData, save_product  # noqa: E402
from merchants.services.stock import change_stock  # noqa: E402
from orders.payments import sandbox  # noqa: E402
from orders.services.order import Contact, place_order  # noqa: E402
from orders.services.payment import open_payment  # noqa: E402

HOST = {"SERVER_NAME": "localhost"}


def make_product(shop: Merchant, number: int) -> Product:
    product = save_product(
        merchant=shop,
        name=f"Tea {number}",
        variants=[VariantData(name=f"{n} g", sku=f"T{number}-{n}", price=6800) for n in (50, 250)],
    )
    for variant in product.variants.all():
        for store in shop.stores.all():
            change_stock(variant=variant, store=store, delta=90, reason=Reason.RECEIVED, by=None)
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "#1d6547").save(file, "PNG")
    size = file.tell()
    file.seek(0)
    add_photo(product=product, file=file, size=size)
    return product


def make_order(shop: Merchant, product: Product, number: int) -> None:
    customer = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    contact = Contact(name="Lin", phone=f"+86138{number:08d}", address="Hangzhou, Qinghefang 12")
    basket = {variant.pk: 1 for variant in product.variants.all()}
    order = place_order(
        merchant=shop, customer=customer, basket=basket, contact=contact, language="en"
    )
    if number % 2:
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))


def count(size: int) -> dict[str, float]:
    """{page: queries} of a shop with `size` products on the shelf, orders and chat lines."""
    name = f"shop{size}"
    owner = User.objects.create_user(f"{name}@example.com", "bench")
    shop = open_merchant(owner=owner, name=name, store="One", city="Guangzhou", slug=name)
    products = [make_product(shop, number) for number in range(size)]
    for number, product in enumerate(products):
        make_order(shop, product, number)
    room = make_room(
        merchant=shop,
        host=shop.staff.get(),
        title="The bench is on air",
        starts_at=timezone.now() + timedelta(minutes=1),
        products=products,
    )
    start_room(room=schedule_room(room=room))
    show_item(room=room, item=room.items.order_by("pk").first())
    for number in range(size):
        say(room=room, voice=Voice(f"Guest {number}"), text="is the green one still there?")

    guest, staff = Client(**HOST), Client(**HOST)
    staff.force_login(owner)
    found: dict[str, float] = {}
    for page, client, address in (
        ("room", guest, f"/live/{room.public_id}/"),
        ("products", staff, f"/dashboard/{name}/products/"),
        ("orders", staff, f"/dashboard/{name}/orders/"),
    ):
        client.get(address)  # sessions are made on the first visit
        with CaptureQueriesContext(
            connection,
        ) as queries:
            began = time.process_time()
            answer = client.get(address)
            found[f"{page}_ms"] = (time.process_time() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        found[page] = sum(not _is_bookkeeping(query["sql"]) for query in queries)
    return found


def _is_bookkeeping(sql: str) -> bool:
    return sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA"))


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps({"little": count(2), "much": count(40)}))
