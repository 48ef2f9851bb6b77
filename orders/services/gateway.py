"""The verbs of a shop's account with a provider: connect it, take it away."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from merchants.models import Merchant, User
from merchants.rules.audit import Action
from merchants.services.audit import record
from orders.errors import MoneyUnderWay
from orders.models import GatewayAccount, Payment, Refund


@transaction.atomic
def connect_gateway(
    *,
    merchant: Merchant,
    gateway: str,
    number: str,
    sealed: str,
    by: User,
    same: Callable[[str], bool] = lambda _sealed: True,
) -> GatewayAccount:
    """From now on the shop takes money there. Connected before, its keys are other ones now.

    `same` tells of what was sealed before whether it is this very account, for a number that
    alone does not say so. Raises MoneyUnderWay if it is another one and money is under way
    through the old one.
    """
    old = GatewayAccount.objects.select_for_update().filter(merchant=merchant, gateway=gateway)
    known = old.first()
    if known is not None and (known.number != number or not same(known.sealed)):
        refuse_while_under_way(known)
    account, _new = GatewayAccount.objects.update_or_create(
        merchant=merchant,
        gateway=gateway,
        defaults={"number": number, "sealed": sealed, "by": by, "connected_at": timezone.now()},
    )
    record(merchant=merchant, action=Action.GATEWAY_CONNECTED, by=by, about=gateway, number=number)
    return account


@transaction.atomic
def disconnect_gateway(*, account: GatewayAccount, by: User) -> None:
    """The shop takes no money there any more, and its keys are gone.

    Raises MoneyUnderWay while a payment waits there or money goes back through it: without the
    keys nobody could ask what became of it.
    """
    fresh = GatewayAccount.objects.select_for_update().get(pk=account.pk)
    refuse_while_under_way(fresh)
    number = fresh.number
    fresh.delete()
    record(
        merchant=account.merchant,
        action=Action.GATEWAY_REMOVED,
        by=by,
        about=account.gateway,
        number=number,
    )


def refuse_while_under_way(account: GatewayAccount) -> None:
    """Without its keys nobody could ask what became of a payment or a refund."""
    waiting = Payment.objects.filter(
        order__merchant=account.merchant, gateway=account.gateway, next_ask_at__isnull=False
    )
    back = Refund.objects.filter(
        merchant=account.merchant, payment__gateway=account.gateway, next_try_at__isnull=False
    )
    if waiting.exists() or back.exists():
        raise MoneyUnderWay
