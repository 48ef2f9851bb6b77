"""To whom an order belongs."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from merchants.models import Customer, Merchant


def customer_for_phone(
    *, merchant: Merchant, phone: str, name: str, email: str, guest: Customer | None = None
) -> Customer:
    """The merchant's customer with this phone; the guest of this device becomes her if there is none.

    A number typed by a guest proves nothing, so an existing customer is only pointed at: neither
    her name nor her address changes, and nothing of hers is shown.
    """
    known = Customer.objects.filter(merchant=merchant, phone=phone).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            if guest is not None and not guest.phone:
                guest.phone, guest.name, guest.email = phone, name, email
                guest.save(update_fields=["phone", "name", "email"])
                return guest
            return Customer.objects.create(merchant=merchant, phone=phone, name=name, email=email)
    except IntegrityError:  # the same phone a moment ago
        return Customer.objects.get(merchant=merchant, phone=phone)
