"""To whom an order belongs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When

from merchants.models import Customer, Merchant
from orders.models import Order
from orders.rules.line import LineState


def buyers(
    *, merchant: Merchant, device: UUID, phone: str, name: str, email: str
) -> tuple[Customer, Customer]:
    """Whose device it is, whose vouchers count, and to whom the order belongs: mostly one person.

    Whoever buys for the first time becomes a customer with one row and one question.
    """
    rows = Customer.objects.filter(Q(device=device) | Q(phone=phone), merchant=merchant)
    found = list(rows)
    guest = next((one for one in found if one.device == device), None)
    owner = next((one for one in found if one.phone == phone), None)
    if guest is None and owner is None:
        try:
            with transaction.atomic():
                made = Customer.objects.create(
                    merchant=merchant, device=device, phone=phone, name=name, email=email
                )
                return made, made
        except IntegrityError:  # the same person a moment ago
            pass
    if guest is None:
        guest = Customer.objects.get_or_create(merchant=merchant, device=device)[0]
    if owner is None:
        owner = customer_for_phone(
            merchant=merchant, phone=phone, name=name, email=email, guest=guest
        )
    return guest, owner


@dataclass(frozen=True)
class Person:
    """Who buys, as far as her device and what she typed tell."""

    device: UUID
    phone: str
    name: str = ""
    email: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("device", "phone", "name", "email")}


class Tally:
    """How much each person has, whom her number or her device tells: what both tell counts once."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._places: defaultdict[str | UUID, set[int]] = defaultdict(set)

    def add(self, phone: str, device: UUID | None, count: int = 1) -> None:
        for one in (phone, device):
            if one:
                self._places[one].add(len(self._counts))
        self._counts.append(count)

    def of(self, phone: str, device: UUID | None) -> int:
        hers = {at for one in (phone, device) if one for at in self._places.get(one, ())}
        return sum(self._counts[at] for at in hers)


@dataclass(frozen=True)
class Known:
    """What is known of people who want to buy: which customers of this shop they are, and for how
    many unpaid orders goods are held. In another shop her number may be somebody else's: there her
    device counts alone."""

    customers: list[Customer]
    unpaid: Tally


def known_people(*, merchant: Merchant, people: Iterable[Person], now: datetime) -> Known:
    """One query."""
    phones, devices = {one.phone for one in people}, {one.device for one in people}
    names = ["id", "merchant_id", "device", "phone"]
    rows = Customer.objects.filter(merchant=merchant).order_by().values_list(*names)
    # As a CASE, or PostgreSQL would go by the index of what is unpaid: in a rush, everybody's.
    unpaid = Case(When(state=LineState.PENDING, pay_by__gt=now, then=True), default=False)
    number = Case(When(merchant=merchant, then=F("phone")), default=Value(""))
    held = (
        Order.objects.filter(Q(device__in=devices) | Q(phone__in=phones))
        .alias(is_open=unpaid)
        .filter(is_open=True)
        .order_by()
        .values_list(Value(0), "merchant_id", "device", number)
    )
    # Two halves, each of which has its index.
    found = rows.filter(device__in=devices).union(rows.filter(phone__in=phones), held, all=True)
    customers: dict[int, Customer] = {}
    tally = Tally()
    for row in found:
        if row[0]:
            customers[row[0]] = Customer.from_db(DEFAULT_DB_ALIAS, names, row)
        else:
            tally.add(row[3], row[2])
    return Known(list(customers.values()), tally)


@transaction.atomic(savepoint=False)
def buyers_each(
    *, merchant: Merchant, people: Sequence[Person], known: Sequence[Customer]
) -> tuple[list[Customer], list[Customer]]:
    """To whom each one's order belongs, as by `buyers`, and those of them who are new: the caller
    writes their rows, which is an IntegrityError if one of them becomes a customer elsewhere at
    this moment. `known` are those of `known_people`.
    """
    devices, phones = {one.device for one in known}, {one.phone: one for one in known if one.phone}
    made: list[Customer] = []
    taken: set[UUID] = set()
    for one in people:
        if one.phone in phones:
            continue
        if one.device in devices:  # it is known by another number, or by none yet
            phones[one.phone] = buyers(merchant=merchant, **one.facts)[1]
            continue
        facts = one.facts | ({"device": None} if one.device in taken else {})
        taken.add(one.device)
        made.append(Customer(merchant=merchant, **facts))
        phones[one.phone] = made[-1]
    return [phones[one.phone] for one in people], made


def customer_for_phone(
    *, merchant: Merchant, phone: str, name: str, email: str, guest: Customer | None = None
) -> Customer:
    """The merchant's customer with this phone; if there is none, the guest becomes her.

    A number typed by a guest proves nothing, so an existing customer is only pointed at: neither
    her name nor her address changes, and nothing of hers is shown.
    """
    known = Customer.objects.filter(merchant=merchant, phone=phone).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            fresh = Customer.objects.filter(pk=guest.pk, phone="") if guest is not None else None
            if fresh is not None and fresh.update(phone=phone, name=name, email=email):
                return Customer.objects.get(merchant=merchant, phone=phone)
            return Customer.objects.create(merchant=merchant, phone=phone, name=name, email=email)
    except IntegrityError:  # the same phone a moment ago
        return Customer.objects.get(merchant=merchant, phone=phone)
