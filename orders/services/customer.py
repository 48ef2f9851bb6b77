"""To whom an order belongs."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from merchants.models import Customer, Merchant


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
