"""To whom an order belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from merchants.models import Customer, Merchant


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


@transaction.atomic(savepoint=False)
def buyers_each(*, merchant: Merchant, people: Sequence[Person]) -> list[Customer]:
    """To whom each one's order belongs, as by `buyers`: one question, and one write for the new.

    Raises IntegrityError if one of them becomes a customer elsewhere at this moment.
    """
    known = Customer.objects.filter(
        Q(device__in={one.device for one in people}) | Q(phone__in={one.phone for one in people}),
        merchant=merchant,
    )
    found = list(known)
    devices, phones = {one.device for one in found}, {one.phone: one for one in found if one.phone}
    fresh: dict[str, Person] = {}
    odd: dict[str, Person] = {}  # a device that is known by another number, or by none yet
    for one in people:
        if one.phone not in phones and one.phone not in fresh and one.phone not in odd:
            (odd if one.device in devices else fresh)[one.phone] = one
            devices.add(one.device)
    made = [Customer(merchant=merchant, **asdict(one)) for one in fresh.values()]
    phones |= {one.phone: one for one in Customer.objects.bulk_create(made)}
    for phone, one in odd.items():
        phones[phone] = buyers(merchant=merchant, **asdict(one))[1]
    return [phones[one.phone] for one in people]


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
