"""Which voucher helps most."""

from __future__ import annotations

from django.utils import timezone

from merchants.models import Customer
from orders.models import Voucher
from orders.rules.coupon import VoucherState


def best_voucher(customer: Customer, goods: int) -> Voucher | None:
    """The customer's usable voucher that takes most off goods worth `goods` minor units."""
    usable = Voucher.objects.select_related("coupon").filter(
        customer=customer,
        state=VoucherState.CLAIMED,
        coupon__threshold__lte=goods,
        coupon__ends_at__gt=timezone.now(),
    )
    return usable.order_by("-coupon__amount", "pk").first()
