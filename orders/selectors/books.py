"""The books of a period: by day, by store, by colleague; and entry by entry for the accountant.

Money of orders is what the ledger says. What was sold at the counter was paid at the till: it is
told beside it, from the stock's ledger, and not in these books.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateField, F, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import Merchant, StockMovement, Store, User
from merchants.rules.chart import bars, ceiling, every, scale
from merchants.rules.money import plain
from orders.models import CounterUse, LedgerEntry, Order, Shipment, Step
from orders.models.ledger import ACCOUNT_LABELS
from orders.rules.ledger import Account
from orders.rules.line import LineState
from orders.rules.period import Period
from orders.selectors.order import sold

CHART = {"left": 48.0, "right": 716.0, "base": 220.0, "head": 24.0}
MOST_LABELS = 8  # under the bars
TAKEN = Sum(F("delta") * F("unit_price"))  # at the till, negative as pieces leave
# How an account is told: what was sold, sent and owed stands negative in the books, what went
# back positive.
SIGNS = {
    Account.GOODS: -1,
    Account.SHIPPING: -1,
    Account.REFUNDS: 1,
    Account.SURPLUS: -1,
    Account.GATEWAY: 1,
}


@dataclass
class Sums:
    """What came and went; amounts in minor units. `net` is what the provider holds more."""

    orders: int = 0
    goods: int = 0
    shipping: int = 0
    refunds: int = 0
    surplus: int = 0
    gateway: int = 0
    counter: int = 0  # paid at the till, coupons taken off
    pieces: int = 0

    def add(self, other: Sums) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Person:
    """What a colleague did: sold at the counter, orders sent or handed over, and what customers
    paid who came by her links."""

    user: User | None
    counter: int = 0
    pieces: int = 0
    orders: int = 0
    brought: int = 0  # orders
    brought_worth: int = 0


@dataclass
class Books:
    rows: list[tuple[date, Sums]]
    stores: list[tuple[Store | None, Sums]]  # None: parcels
    people: list[Person]
    total: Sums = field(default_factory=Sums)


def books_of(merchant: Merchant, period: Period) -> Books:
    """The sums of a period in the shop's currency. Nine queries, however long it is."""
    by_day, by_store = _sums(merchant, period)
    rows = [(slot, by_day[slot]) for slot in period.slots()]
    stores = Store.whole.in_bulk([pk for pk in by_store if pk is not None])
    shown = sorted(by_store, key=lambda pk: (pk is not None, pk))
    books = Books(
        rows=rows,
        stores=[(stores.get(pk) if pk else None, by_store[pk]) for pk in shown],
        people=_people(merchant, period),
    )
    for _slot, sums in rows:
        books.total.add(sums)
    return books


def entries(merchant: Merchant, period: Period) -> QuerySet[LedgerEntry]:
    return merchant.ledger.filter(at__gte=_start(period), at__lt=_end(period))


def entry_table(merchant: Merchant, period: Period) -> Iterator[list[str]]:
    """Entry by entry, the heading first. Amounts as decimals; each movement sums to zero."""
    yield [
        _("Time"),
        _("Movement"),
        _("Order number"),
        _("Store"),
        _("Account"),
        _("Amount"),
        _("Currency"),
    ]
    found = entries(merchant, period).order_by("at", "pk")
    columns = found.values_list(
        "at", "reference", "order__number", "order__store__name", "account", "amount", "currency"
    )
    for at, reference, number, store, account, amount, currency in columns.iterator(2000):
        when = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
        word = str(ACCOUNT_LABELS[account])
        yield [when, reference, number, store or "", word, plain(amount, currency), currency]


def chart_of(books: Books) -> dict[str, Any]:
    """Bars of what came in by orders and at the counter, one beside another day or month."""
    values = [max(sums.goods + sums.shipping + sums.counter, 0) for _slot, sums in books.rows]
    step, top = ceiling(-(-max(values, default=0) // 100))
    gap = every(len(values), MOST_LABELS)
    places = bars(values, top=top * 100, **CHART)
    rows = [
        {"slot": slot, "value": value, "bar": bar, "tick": place % gap == 0}
        for place, ((slot, _sums_), value, bar) in enumerate(
            zip(books.rows, values, places, strict=True)
        )
    ]
    lines = scale(top, step, base=CHART["base"], head=CHART["head"])
    return {"rows": rows, "lines": lines, **CHART, "any": any(values)}


def _sums(merchant: Merchant, period: Period) -> tuple[dict[date, Sums], dict[int | None, Sums]]:
    by_day: dict[date, Sums] = defaultdict(Sums)
    by_store: dict[int | None, Sums] = defaultdict(Sums)
    slot = TruncMonth if period.by_month else TruncDate
    money = entries(merchant, period).filter(currency=merchant.currency).order_by()
    told = money.annotate(slot=slot("at", output_field=DateField()))
    for row in told.values("slot", "order__store", "account").annotate(
        sum=Sum("amount"), orders=Count("order", distinct=True)
    ):
        account = Account(row["account"])
        sums = Sums(**{account.value: SIGNS[account] * row["sum"]})
        sums.orders = row["orders"] if account == Account.GOODS else 0
        by_day[row["slot"]].add(sums)
        by_store[row["order__store"]].add(sums)
    at_till = _counter(merchant, period).annotate(slot=slot("at", output_field=DateField()))
    for till in at_till.values("slot", "stock__store").annotate(counter=TAKEN, pieces=Sum("delta")):
        sums = Sums(counter=-till["counter"], pieces=-till["pieces"])
        by_day[till["slot"]].add(sums)
        by_store[till["stock__store"]].add(sums)
    taken = _coupons(merchant, period).annotate(slot=slot("at", output_field=DateField()))
    for off in taken.values("slot", "store").annotate(saving=Sum("saving")):
        by_day[off["slot"]].add(Sums(counter=-off["saving"]))
        by_store[off["store"]].add(Sums(counter=-off["saving"]))
    return by_day, by_store


def _counter(merchant: Merchant, period: Period) -> QuerySet[StockMovement]:
    """What was sold at the till and taken back there."""
    return StockMovement.objects.filter(
        stock__store__merchant=merchant,
        unit_price__isnull=False,
        at__gte=_start(period),
        at__lt=_end(period),
    ).order_by()


def _coupons(merchant: Merchant, period: Period) -> QuerySet[CounterUse]:
    """The coupons that were taken at the till: so much less was paid there."""
    return CounterUse.objects.filter(
        store__merchant=merchant, undone_at=None, at__gte=_start(period), at__lt=_end(period)
    ).order_by()


def _people(merchant: Merchant, period: Period) -> list[Person]:
    found: dict[int | None, Person] = defaultdict(lambda: Person(None))
    for till in (
        _counter(merchant, period).values("by").annotate(counter=TAKEN, pieces=Sum("delta"))
    ):
        found[till["by"]].counter -= till["counter"]
        found[till["by"]].pieces -= till["pieces"]
    for off in _coupons(merchant, period).values("by").annotate(saving=Sum("saving")):
        found[off["by"]].counter -= off["saving"]
    for pk, orders in _orders_by(merchant, period).items():
        found[pk].orders = orders
    for pk, orders, worth in _brought(merchant, period):
        found[pk].brought, found[pk].brought_worth = orders, worth
    users = User.objects.in_bulk([pk for pk in found if pk is not None])
    for pk, person in found.items():
        person.user = users.get(pk) if pk else None
    return sorted(found.values(), key=lambda one: (-one.counter - one.brought_worth, -one.orders))


def _brought(merchant: Merchant, period: Period) -> QuerySet[Order, tuple[int, int, int]]:
    """(user id, orders by her links, what was paid for them), on the day they were paid."""
    orders = merchant.orders.filter(
        sold(),
        shared_by__isnull=False,
        currency=merchant.currency,
        paid_at__gte=_start(period),
        paid_at__lt=_end(period),
    )
    sums = orders.order_by().values("shared_by").annotate(orders=Count("pk"), worth=Sum("total"))
    return sums.values_list("shared_by", "orders", "worth")


def _orders_by(merchant: Merchant, period: Period) -> Counter[int | None]:
    """{user id: orders of which she sent a parcel, or which she handed over}."""
    sent = Shipment.objects.filter(
        order__merchant=merchant, shipped_at__gte=_start(period), shipped_at__lt=_end(period)
    )
    handed = Step.objects.filter(
        order__merchant=merchant,
        state=LineState.COLLECTED,
        at__gte=_start(period),
        at__lt=_end(period),
    )
    found: Counter[int | None] = Counter()
    for row in sent.order_by().values("by").annotate(orders=Count("order", distinct=True)):
        found[row["by"]] += row["orders"]
    for step in handed.order_by().values("by").annotate(orders=Count("order", distinct=True)):
        found[step["by"]] += step["orders"]
    return found


def _start(period: Period) -> datetime:
    return datetime.combine(period.since, time.min, timezone.get_current_timezone())


def _end(period: Period) -> datetime:
    after = period.until + timedelta(days=1)
    return datetime.combine(after, time.min, timezone.get_current_timezone())
