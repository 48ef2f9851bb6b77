"""Gateways to payment providers, a package each; `gateway.Gateway` says what one offers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from django.conf import settings

from merchants.models import Merchant
from orders.errors import CannotPay
from orders.models import GatewayAccount

if TYPE_CHECKING:
    from orders.payments.gateway import Gateway

GATEWAYS = {
    "sandbox": "orders.payments.sandbox",
    "wechatpay": "orders.payments.wechatpay",
    "alipay": "orders.payments.alipay",
}
CURRENCY = "CNY"  # the one in which both providers take money here


def connected(merchant: Merchant) -> list[str]:
    """The names of the gateways through which this shop takes money."""
    names = ["sandbox"] if settings.SANDBOX_PAYMENTS else []
    if merchant.currency == CURRENCY:
        accounts = GatewayAccount.objects.filter(merchant=merchant, gateway__in=GATEWAYS)
        names += accounts.values_list("gateway", flat=True)
    return names


def open_gateway(merchant: Merchant) -> str:
    """A gateway that takes this shop's money. Raises CannotPay while none is connected."""
    if settings.SANDBOX_PAYMENTS:
        return "sandbox"
    gateways = connected(merchant)
    if not gateways:
        raise CannotPay
    return gateways[0]


def gateway_of(name: str) -> Gateway:
    """The gateway by its name, also one that takes no new money any more. Raises KeyError."""
    return cast("Gateway", import_module(GATEWAYS[name]))
