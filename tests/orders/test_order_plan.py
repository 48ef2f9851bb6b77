"""What the database does to show the orders list: it goes by an index, on either database."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.models import Customer
from orders.models import Line, Order, OrderTag, Payment, Refund
from orders.models.order import STAGES
from tests.conftest import product_of

pytestmark = pytest.mark.broad
COUNT = 15_000
BY_KEY = "PRIMARY KEY|rowid|orders_order_pkey"  # few, and known before
# Each way to ask, and the index that answers it.
ASKED = {
    "": "order_stage",
    **{f"?tab={stage}": "order_stage" for stage in STAGES},
    "?tab=done": "order_stage|order_placed",  # nearly all there are: by either one
    "?tab=all": "order_placed",
    "?tab=all&q=n777": "order_number",
    "?tab=all&q=沈n": "order_name",
    "?tab=all&q=13800000777": "order_phone",
    "?tab=all&q=0777": "order_phone_end",
    "?tab=all&page=10": "order_placed",
    "?tab=refunds": BY_KEY,
    "?tab=all&tag=often": BY_KEY,
    "?tab=all&q=ware07": r"orders_line_variant_id_\w+",
}
BIG = ("orders_order", "orders_line")


@pytest.fixture
def many(shop, other_shop, variant, store) -> None:
    """So many orders of a line each, most of them long done, one in ten of this shop; and the
    table's figures as the database keeps them by itself."""
    buyers = [Customer.objects.create(merchant=one) for one in [shop] + [other_shop] * 9]
    begin = timezone.now() - timedelta(days=300)
    orders = [
        Order(
            number=f"n{n}",
            merchant=buyers[n % 10].merchant,
            customer=buyers[n % 10],
            state=_state(n),
            name=f"{'沈李王陈周吴郑赵'[n // 10 % 8]}n{n}",
            phone=f"+86138{n:08}",
            store=store if n % 100 == 30 else None,
            currency="CNY",
            goods=16800,
            total=16800,
            placed_at=begin + timedelta(minutes=30 * n),
            pay_by=begin + timedelta(minutes=30 * n + 15),
        )
        for n in range(COUNT)
    ]
    made = Order.objects.bulk_create(orders, batch_size=1000)
    wares = [product_of(shop, f"ware{n:02}", 16800, 0).variants.get() for n in range(60)]
    lines = (
        Line(
            order=one,
            variant=wares[place // 10 % len(wares)] if place % 10 == 0 else variant,
            title="tea",
            quantity=1,
            list_price=16800,
            unit_price=16800,
            state=one.state,
        )
        for place, one in enumerate(made)
    )
    Line.objects.bulk_create(lines, batch_size=1000)
    tag = OrderTag.objects.create(merchant=shop, name="often")
    through = Order.tags.through
    through.objects.bulk_create(through(order=one, ordertag=tag) for one in made[::50])
    _ask_back(made[10:400:10])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _ask_back(orders: list[Order]) -> None:
    """Money of these is wanted back, and nobody has answered."""
    facts = {"amount": 16800, "currency": "CNY"}
    for one in orders:
        payment = Payment.objects.create(
            merchant=one.merchant,
            order=one,
            gateway="sandbox",
            state="settled",
            created_at=one.placed_at,
            **facts,
        )
        Refund.objects.create(
            merchant=one.merchant,
            order=one,
            payment=payment,
            kind="money",
            state="requested",
            requested_at=one.placed_at,
            **facts,
        )


def _state(n: int) -> str:
    if n > COUNT - 400:
        return ("pending_payment", "paid", "shipped", "paid")[n // 10 % 4]
    return "cancelled" if n % 120 == 0 else "completed"


def plans(client, url: str) -> list[str]:
    """How each question about orders that the page asks is answered, a text each."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    word = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    found = []
    for question in seen:
        sql = question["sql"]
        if sql.startswith("SELECT") and any(f'"{table}"' in sql for table in BIG):
            with connection.cursor() as cursor:
                cursor.execute(word + sql.replace("%", "%%"), ())
                rows = [str(row[-1]) for row in cursor.fetchall()]
            found.append("\n".join(_named(sql, row) for row in rows))
    return found


def _named(sql: str, row: str) -> str:
    """SQLite tells a table by its alias in the statement; here it gets its name."""
    for table, alias in re.findall(r'"(\w+)" ([UTVW]\d+)', sql):
        row = re.sub(rf"\b{alias}\b", table, row)
    return row


def troubles(client, url: str, index: str) -> list[str]:
    """What is wrong with how this page is answered."""
    found = plans(client, url)
    said = [f"no {index}"] if not any(re.search(rf"\b({index})\b", one) for one in found) else []
    whole = re.compile(rf"(SCAN|Seq Scan on) ({'|'.join(BIG)})\b")
    return said + [one for one in found if whole.search(one)]


@pytest.fixture
def address(shop) -> str:
    return f"/dashboard/{shop.slug}/orders/"


def test_each_way_to_ask_goes_by_its_index(many, as_alice, address):
    wrong = {query: troubles(as_alice, address + query, index) for query, index in ASKED.items()}
    assert {query: found for query, found in wrong.items() if found} == {}


def test_without_its_index_it_is_seen(many, as_alice, address):
    """The control: what is above would fail."""
    for index in sorted({one for one in ASKED.values() if one.isidentifier()}):
        unbroken = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        queries = [query for query, answers in ASKED.items() if answers == index]
        assert all(troubles(as_alice, address + query, index) for query in queries)
        transaction.savepoint_rollback(unbroken)


def test_a_whole_walk_through_is_seen(as_alice, address, many):
    """The other control: a question that no index answers."""
    sql = str(Order.objects.filter(email="x").query).replace("= x", "= 'x'")
    word = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(word + sql)
        said = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert re.search(r"(SCAN|Seq Scan on) orders_order\b", said)
