"""How the shop is paid: which gateways there are, how to connect one, and how to try it.

A manager looks; only the owner changes where the money goes.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from merchants.selectors.product import shop_shelf
from orders.forms.gateway import FORMS, GatewayForm
from orders.models import GatewayAccount, Payment
from orders.payments import CURRENCY, connected, gateway_of
from orders.payments.gateway import GatewayTrouble, Refused
from orders.payments.vault import seal, unseal
from orders.rules.payment import PaymentState
from orders.services.gateway import connect_gateway, disconnect_gateway

logger = logging.getLogger(__name__)
SECRET = ("private_key", "app_secret", "v3_key", "wechat_key", "alipay_key")


@require_safe
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    settled = Payment.objects.filter(order__merchant=request.merchant, state=PaymentState.SETTLED)
    goods: QuerySet[Any] = shop_shelf(request.merchant)  # with `left`
    accounts = GatewayAccount.objects.filter(merchant=request.merchant)
    context = {
        "gateways": connected(request.merchant),
        "accounts": {account.gateway: account for account in accounts},
        "can_connect": request.merchant.currency == CURRENCY,
        "last": settled.select_related("order").order_by("-settled_at").first(),
        "product": goods.filter(left__gt=0).first(),
    }
    return render(request, "orders/payment/setting.html", context)


@sensitive_post_parameters(*SECRET)
@never_cache
@require_http_methods(["GET", "POST"])
@merchant_view(Role.OWNER)
def connect(request: MerchantRequest, gateway: str) -> HttpResponse:
    """The keys are typed in once and never shown again; sent twice they are the same keys."""
    merchant = request.merchant
    account = GatewayAccount.objects.filter(merchant=merchant, gateway=gateway).first()
    kind = FORMS[gateway]
    form = kind(request.POST or None, initial={kind.NUMBER: account.number if account else ""})
    if request.method == "POST" and form.is_valid():
        try:
            connect_gateway(
                merchant=merchant,
                gateway=gateway,
                number=form.cleaned_data[kind.NUMBER],
                sealed=seal(form.secrets(_told(account.sealed) if account else {})),
                by=request.user,
                same=lambda sealed: _is_same(form, sealed),
            )
        except RuleBroken as refusal:
            form.add_error(kind.NUMBER, str(refusal))
        else:
            words = _("Saved. The keys are sealed, and nobody is shown them again.")
            messages.success(request, words)
            return redirect("orders:payments", merchant.slug)
    hook = reverse("track:notify", args=[gateway, merchant.slug])
    context = {
        "form": form,
        "gateway": gateway,
        "account": account,
        "hook": settings.SITE_URL + hook,
        "site": settings.SITE_URL,
    }
    status = 422 if form.is_bound else 200
    return render(request, "orders/payment/connect.html", context, status=status)


@require_POST
@merchant_view(Role.OWNER)
def disconnect(request: MerchantRequest) -> HttpResponse:
    account = _account(request)
    try:
        if account is not None:
            disconnect_gateway(account=account, by=request.user)
        messages.success(request, _("Removed. Its keys are gone."))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("orders:payments", request.merchant.slug)


@require_POST
@merchant_view(Role.OWNER)
def check(request: MerchantRequest) -> HttpResponse:
    """Ask the provider something harmless, so that a wrong key shows before the first customer."""
    account = _account(request)
    if account is None:
        messages.error(request, _("It is not connected."))
        return redirect("orders:payments", request.merchant.slug)
    try:
        gateway_of(account.gateway).check(request.merchant)
    except Refused as refusal:
        words = _("The provider refuses these keys: %(why)s") % {"why": refusal}
        messages.error(request, words)
    except GatewayTrouble:
        logger.exception("the account of %s could not be checked", request.merchant.slug)
        words = _(
            "No answer that can be believed. Look at the provider's public key, or try later."
        )
        messages.error(request, words)
    else:
        words = _("The provider knows these keys. The first small payment shows the rest.")
        messages.success(request, words)
    return redirect("orders:payments", request.merchant.slug)


def _is_same(form: GatewayForm, sealed: str) -> bool:
    told = _told(sealed)
    return not told or form.is_same(told)  # nothing opens it: new keys are what mends that


def _told(sealed: str) -> dict[str, str]:
    """What was sealed, or nothing if nothing opens it."""
    try:
        return unseal(sealed)
    except GatewayTrouble:
        return {}


def _account(request: MerchantRequest) -> GatewayAccount | None:
    mine = GatewayAccount.objects.filter(merchant=request.merchant)
    gateway = request.POST.get("gateway", "")
    return mine.filter(gateway=gateway).first() if gateway in FORMS else None
