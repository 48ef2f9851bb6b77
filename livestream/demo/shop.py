"""The shop: people, stores, goods, coupons."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from livestream.demo.goods import GOODS, Good
from merchants.models import Category, Merchant, Product, Staff, Store, User
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.services.merchant import open_merchant
from merchants.services.photo import add_photo
from merchants.services.picture import as_webp, read_picture
from merchants.services.product import VariantData, save_product
from merchants.services.staff import add_staff
from merchants.services.stock import change_stock
from orders.models import Coupon
from orders.services.coupon import issue_coupon

PASSWORD = "guitai-demo"  # printed by `make run`; the demo exists only under DEBUG
PICTURES = Path(__file__).resolve().parents[2] / "merchants" / "demo" / "pictures"
PEOPLE = (
    ("fang@demo.guitai", "芳姐", Role.OWNER, "av-fang"),
    ("xiaolin@demo.guitai", "小林", Role.MANAGER, "av-2"),
    ("ajie@demo.guitai", "阿杰", Role.CLERK, "av-3"),
)
SOLD_LAST_MONTH = 40  # more of each than month.py sells; what is left over is counted away
ADMIN = "admin@demo.guitai"


def make_people() -> dict[str, User]:
    """Demo sign-ins, all with the same password."""
    people = {
        email: User.objects.create_user(email, PASSWORD, name=name, language="zh-hans")
        for email, name, _role, _picture in PEOPLE
    }
    User.objects.create_superuser(ADMIN, PASSWORD, name="Admin")
    for user in User.objects.all():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return people


def make_shop() -> Merchant:
    """桂芳茶行 with two stores, three members of staff, 24 products in stock."""
    people = make_people()
    owner = people[PEOPLE[0][0]]
    merchant = open_merchant(
        owner=owner, name="桂芳茶行", slug="guifang", store="清河坊店", city="杭州"
    )
    merchant.tagline = "开了十九年的茶铺，自己喝什么就卖什么"
    _set_logo(merchant)
    merchant.save()
    Store.objects.filter(merchant=merchant).update(
        address="上城区清河坊 12 号",
        phone="0571 8780 1219",
        week=[["09:00", "21:00"]] * 7,
        latitude="30.241300",
        longitude="120.168200",
    )
    Store.objects.create(
        merchant=merchant,
        name="文三路店",
        city="杭州",
        address="西湖区文三路 88 号",
        phone="0571 8821 0668",
        week=[["10:00", "20:00"]] * 5 + [["09:00", "21:00"]] * 2,
        hours_note="春节初一到初三休息",
        position=1,
    )
    for email, name, role, picture in PEOPLE:
        place = add_staff(merchant=merchant, user=people[email], role=role, host_name=name)
        _set_picture(place, picture)
    for number, good in enumerate(GOODS, start=1):
        _make_good(merchant, number, good, owner)
    return merchant


def _set_logo(merchant: Merchant) -> None:
    with (PICTURES / "av-fang.webp").open("rb") as file:
        merchant.logo = as_webp(read_picture(file, size=1), (256, 256), crop=True)


def _set_picture(place: Staff, picture: str) -> None:
    with (PICTURES / f"{picture}.webp").open("rb") as file:
        place.picture = as_webp(read_picture(file, size=1), (256, 256), crop=True)
    place.save()


def _make_good(merchant: Merchant, number: int, good: Good, owner: User) -> Product:
    category, _made = Category.objects.get_or_create(merchant=merchant, name=good.category)
    product = save_product(
        merchant=merchant,
        name=good.name,
        description=good.text,
        category=category,
        variants=[
            VariantData(
                name=name,
                sku=f"GF-{number:02}-{place}",
                barcode=f"69412{number:04}{place:03}0",
                price=price * 100,
                compare_at=before * 100 or None,
            )
            for place, (name, price, before) in enumerate(good.specs, start=1)
        ],
    )
    path = PICTURES / f"{good.picture}.webp"
    with path.open("rb") as file:
        add_photo(product=product, file=file, size=path.stat().st_size)
    for variant in product.variants.all():
        for store, pieces in zip(merchant.stores.all(), good.stock, strict=True):
            if pieces:
                change_stock(
                    variant=variant,
                    store=store,
                    delta=pieces + SOLD_LAST_MONTH,
                    reason=Reason.RECEIVED,
                    by=owner,
                    reference="开账",
                )
    return product


def make_coupons(merchant: Merchant) -> list[Coupon]:
    """A gift, tonight's Longjing, whoever comes back, and whoever looks at the shop for the first
    time."""
    now = timezone.now()
    cheap = merchant.variants.filter(stock__on_hand__gt=0).order_by("price", "pk").first()
    both = {"listed": True, "stackable": True}
    terms: tuple[dict[str, Any], ...] = (
        {"name": "满百有礼", "kind": "gift", "gift": cheap, "threshold": 10000, "issued": 50}
        | both,
        {"name": "龙井专场券", "amount": 2000, "threshold": 12800, "issued": 200},
        {"name": "老顾客回店券", "amount": 1000, "threshold": 6900, "issued": 500},
        {"name": "新朋友见面券", "kind": "percent", "percent": 10, "cap": 3000, "issued": 300}
        | {"valid_days": 7}
        | both,
    )
    return [
        issue_coupon(merchant=merchant, starts_at=now, ends_at=now + timedelta(days=30), **coupon)
        for coupon in terms
    ]
