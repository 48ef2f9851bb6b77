"""To whom an order belongs."""

from __future__ import annotations

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
