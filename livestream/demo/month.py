"""A month of orders: placed, paid, shipped by the verbs, then moved back in time.

The verbs read the clock, so each order is made now and its moments are shifted afterwards.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from livestream.demo.goods import GOODS
from merchants.models import Merchant, Notification, Reservation, Stock, StockMovement, User
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import Order
from orders.payments import sandbox
from orders.services.customer import customer_for_phone
from orders.services.order import Contact, place_order
from orders.services.payment import open_payment
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order

NAMES = (
    "沈梅",
    "老周",
    "许阿姨",
    "陈工",
    "何先生",
    "苏老师",
    "林小满",
    "阿May",
    "王叔",
    "赵小雨",
    "钱伯",
    "孙医生",
    "李想",
    "周婷",
    "吴大姐",
    "郑航",
    "冯老板",
    "褚红",
    "卫东",
    "蒋勤",
)
STREETS = ("清河坊 12 号 2 单元 301", "文三路 199 号 5 幢 802", "南山路 88 号", "古墩路 673 号")
DAYS = 30


def make_month(merchant: Merchant) -> list[Order]:
    """Three to six orders a day, the older ones delivered, the newest waiting to be packed."""
    # A fixed seed: the demo looks the same on every machine. Nothing secret hangs on it.
    dice = random.Random(20261122)
    staff = merchant.staff.order_by("-role")[0].user
    orders = []
    opened = timezone.now() - timedelta(days=DAYS + 1)
    StockMovement.objects.filter(stock__store__merchant=merchant).update(at=opened)
    for day in range(DAYS - 1, -1, -1):
        for _ in range(dice.randint(3, 6)):
            orders.append(_make_order(merchant, dice, day, staff))
    _count_away(merchant, staff)
    # What was told a month ago has been told and read.
    now = timezone.now()
    Notification.objects.filter(merchant=merchant).update(sent_at=now, read_at=now)
    return orders


@transaction.atomic
def _make_order(merchant: Merchant, dice: random.Random, day: int, staff: User) -> Order:
    name = dice.choice(NAMES)
    phone = f"+86138{NAMES.index(name):04}2688"
    customer = customer_for_phone(merchant=merchant, phone=phone, name=name, email="")
    variants = list(
        merchant.variants.filter(stock__on_hand__gt=F("stock__reserved") + 2).distinct()
    )
    basket = {
        variant.pk: dice.choice((1, 1, 1, 2))
        for variant in dice.sample(variants, dice.choice((1, 1, 2)))
    }
    pickup = merchant.stores.first() if dice.random() < 0.15 else None
    order = place_order(
        merchant=merchant,
        customer=customer,
        basket=basket,
        contact=Contact(
            name=name,
            phone=phone,
            address=f"杭州市上城区 {dice.choice(STREETS)}",
            store=pickup,
        ),
        language="zh-hans",
    )
    pay(order)
    if day > 0 and order.is_pickup:
        make_ready(order=order, by=staff)
        hand_over(order=order, code=order.pickup_code, by=staff)
    elif day > 0:
        ship_order(
            order=order, carrier="sf", tracking_number=f"SF{dice.randrange(10**12):012}", by=staff
        )
        if day > 3:
            confirm_delivery(order=order, by=staff)
    at = timezone.now() - timedelta(days=day, minutes=dice.randint(5, 600))
    backdate(order, at)
    return order


def pay(order: Order) -> None:
    """As a shopper does it: through the pretend bank."""
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()


def backdate(order: Order, at: datetime) -> None:
    """Move every moment of an order so that it was placed at `at`."""
    by = at - order.placed_at
    Order.objects.filter(pk=order.pk).update(
        placed_at=F("placed_at") + by, pay_by=F("pay_by") + by, paid_at=F("paid_at") + by
    )
    order.steps.update(at=F("at") + by)
    order.payments.update(created_at=F("created_at") + by, settled_at=F("settled_at") + by)
    order.ledger.update(at=F("at") + by)
    order.shipments.update(shipped_at=F("shipped_at") + by)
    StockMovement.objects.filter(reference=order.number).update(at=F("at") + by)
    Reservation.objects.filter(reference=order.number).update(
        opened_at=F("opened_at") + by, closed_at=F("closed_at") + by
    )


def _count_away(merchant: Merchant, staff: User) -> None:
    """A stocktake at the end of the month: the shelves hold what goods.py says."""
    wanted = {good.name: good.stock for good in GOODS}
    for place, store in enumerate(merchant.stores.all()):
        for stock in Stock.objects.filter(store=store).select_related("variant__product"):
            target = wanted[stock.variant.product.name][place] + stock.reserved
            delta = target - stock.on_hand
            if delta:
                change_stock(
                    variant=stock.variant,
                    store=store,
                    delta=delta,
                    reason=Reason.COUNTED,
                    by=staff,
                    reference="盘点",
                )
    assert all(
        row["on_hand"] == row["sum"]
        for row in Stock.objects.annotate(sum=Sum("movements__delta")).values("on_hand", "sum")
    )
