"""The cast: Alice owns the shop, Bob hosts, Carol manages, Mallory owns another, Dan buys.

Everything is built with the verbs, so that no test rests on rows the product could never make.
"""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from livestream.models import Room
from livestream.selectors.moderation import forget_words
from livestream.services.room import make_room, schedule_room, start_room
from merchants.models import Customer, Merchant, Product, Staff, Store, User, Variant
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.services.merchant import open_merchant
from merchants.services.product import VariantData, save_product
from merchants.services.staff import add_staff
from merchants.services.stock import change_stock
from orders.models import Coupon, Order, Waiting
from orders.payments import sandbox
from orders.services.coupon import issue_coupon
from orders.services.order import Contact, place_order
from orders.services.payment import open_payment
from orders.services.waitlist import join_waitlist
from tests.servers import alone, django_db_modify_db_settings, resident, server  # noqa: F401

expect.set_options(timeout=30_000)  # two cores may have much else to do
PBKDF2PasswordHasher.iterations = 1_000  # a real hash, but half a second less for each of the cast

DAN = Contact(name="沈梅", phone="+8613800002688", address="杭州市上城区 清河坊 12 号")


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LIVE_ROOT = tmp_path / "live"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    forget_words()  # another test's shop had the same id


def person(email: str, name: str) -> User:
    user = User.objects.create_user(email, "a long password", name=name)
    user.emailaddress_set.create(email=email, verified=True, primary=True)
    return user


@pytest.fixture
def alice(db) -> User:
    return person("alice@example.com", "Alice")


@pytest.fixture
def mallory(db) -> User:
    return person("mallory@example.com", "Mallory")


@pytest.fixture
def shop(alice) -> Merchant:
    return open_merchant(owner=alice, name="桂芳茶行", slug="tea", store="清河坊店", city="杭州")


@pytest.fixture
def other_shop(mallory) -> Merchant:
    return open_merchant(owner=mallory, name="Other", slug="other", store="Main", city="Ningbo")


@pytest.fixture
def store(shop) -> Store:
    return shop.stores.get()


@pytest.fixture
def bob(shop) -> User:
    user = person("bob@example.com", "Bob")
    add_staff(merchant=shop, user=user, role=Role.CLERK, host_name="芳姐")
    return user


@pytest.fixture
def carol(shop) -> User:
    user = person("carol@example.com", "Carol")
    add_staff(merchant=shop, user=user, role=Role.MANAGER, host_name="小林")
    return user


@pytest.fixture
def host(shop, bob) -> Staff:
    return shop.staff.get(user=bob)


def product_of(merchant: Merchant, name: str, price: int, pieces: int) -> Product:
    product = save_product(
        merchant=merchant,
        name=name,
        variants=[VariantData(name="", sku=f"{merchant.slug}-{name}"[:40], price=price)],
    )
    if pieces:
        change_stock(
            variant=product.variants.get(),
            store=merchant.stores.first(),
            delta=pieces,
            reason=Reason.RECEIVED,
            by=None,
        )
    return product


def stand_in_line(variant: Variant, quantity=1, device=None, phone="") -> Waiting:
    """Somebody new waits for it, or whose device or number that is."""
    return join_waitlist(
        merchant=variant.merchant,
        variant=variant,
        device=device or uuid.uuid4(),
        phone=phone or f"+86139{Waiting.objects.count():08}",
        quantity=quantity,
        language="en",
    )


@pytest.fixture
def longjing(shop) -> Product:
    return product_of(shop, "明前龙井", 16800, 10)


@pytest.fixture
def variant(longjing) -> Variant:
    return longjing.variants.get()


@pytest.fixture
def cup(shop) -> Product:
    return product_of(shop, "耐热玻璃杯", 2900, 50)


@pytest.fixture
def foreign_product(other_shop) -> Product:
    return product_of(other_shop, "Foreign mug", 1000, 5)


@pytest.fixture
def dan(shop) -> Customer:
    return Customer.objects.create(merchant=shop, device=uuid.uuid4())


@pytest.fixture
def coupon(shop) -> Coupon:
    now = timezone.now()
    return issue_coupon(
        merchant=shop,
        name="龙井专场券",
        amount=2000,
        threshold=12800,
        issued=100,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=7),
    )


@pytest.fixture
def order(shop, dan, variant) -> Order:
    return place_order(
        merchant=shop, customer=dan, basket={variant.pk: 2}, contact=DAN, language="zh-hans"
    )


@pytest.fixture
def paid(order) -> Order:
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


@pytest.fixture
def room(shop, host, longjing, cup) -> Room:
    """A draft with two products on its shelf."""
    return make_room(
        merchant=shop,
        host=host,
        title="明前龙井到店",
        starts_at=timezone.now() + timedelta(hours=1),
        products=[longjing, cup],
    )


@pytest.fixture
def scheduled(room) -> Room:
    return schedule_room(room=room)


@pytest.fixture
def live(scheduled) -> Room:
    return start_room(room=scheduled)


@pytest.fixture
def as_bob(bob) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def as_alice(alice, shop) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def picture():
    """A small JPEG as an upload: (file, size in bytes)."""

    def make(width: int = 60, height: int = 80, kind: str = "JPEG") -> tuple[io.BytesIO, int]:
        file = io.BytesIO()
        Image.new("RGB", (width, height), "#1d6547").save(file, kind)
        size = file.tell()
        file.seek(0)
        return file, size

    return make
