"""The verbs of shipping rules and of an address book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.models import Merchant
from orders.errors import RegionTwice
from orders.models import Address, ShippingRegion, ShippingRule

KEPT = timedelta(days=730)


@transaction.atomic
def save_rule(
    *,
    merchant: Merchant,
    regions: Iterable[str],
    fee: int | None,
    free_from: int | None,
    rule: ShippingRule | None = None,
) -> ShippingRule:
    """What a parcel costs to these regions; without a fee nothing is sent there.

    Raises RegionTwice if another rule names one of them; nothing is changed then.
    """
    if rule is None:
        rule = ShippingRule(merchant=merchant)
    rule.fee, rule.free_from = fee, None if fee is None else free_from
    rule.save()
    rule.regions.all().delete()
    try:
        with transaction.atomic():
            ShippingRegion.objects.bulk_create(
                ShippingRegion(rule=rule, merchant=merchant, region=region)
                for region in dict.fromkeys(regions)
            )
    except IntegrityError as trouble:
        raise RegionTwice from trouble
    return rule


@transaction.atomic
def drop_rule(*, rule: ShippingRule) -> None:
    """Its regions cost as usual again."""
    rule.delete()


@transaction.atomic
def remember_address(*, device: UUID, name: str, phone: str, **place: Any) -> None:
    """Keep where something was sent; the same place again is only used again."""
    same = {"device": device, "name": name, "phone": phone, **place}
    now = timezone.now()
    if not Address.objects.filter(**same).update(used_at=now):
        Address.objects.create(**same, used_at=now)


@transaction.atomic
def forget_address(*, device: UUID, address: str) -> None:
    """Take one out of the device's book."""
    Address.objects.filter(device=device, public_id=address).delete()


def forget_addresses(now: datetime) -> int:
    """What nobody sent anything to for two years."""
    return Address.objects.filter(used_at__lt=now - KEPT).delete()[0]
