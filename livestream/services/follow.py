"""The verbs of following a shop."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from livestream.models import Follow
from merchants.models import Customer, Merchant


@transaction.atomic
def follow(*, merchant: Merchant, customer: Customer) -> Follow:
    """She follows the shop; a second time changes nothing."""
    found, _ = Follow.objects.get_or_create(
        merchant=merchant, customer=customer, defaults={"at": timezone.now()}
    )
    return found


@transaction.atomic
def unfollow(*, merchant: Merchant, customer: Customer) -> None:
    """She follows it no longer. A draw that she entered by following keeps her."""
    Follow.objects.filter(merchant=merchant, customer=customer).delete()
