"""The verbs of shipping rules, and forgetting an address."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from merchants.models import Merchant
from orders.errors import RegionTwice
from orders.models import Order, ShippingRegion, ShippingRule
from orders.selectors.shipping import addresses_of, bought_on


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


def forget_address(*, device: UUID, key: str) -> None:
    """This address of the device's book is not offered again, of whatever order it is."""
    known = [order for order in addresses_of(bought_on(device)) if order.address_key == key]
    for order in known:
        same = {part: getattr(order, part) for part in ("name", "phone", *Order.PLACE)}
        Order.objects.filter(device=device, **same).update(remembered=False)
