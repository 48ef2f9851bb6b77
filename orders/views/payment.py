"""How the shop is paid: which gateways there are, and how to try one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role
from merchants.selectors.product import shop_shelf
from orders.models import Payment
from orders.payments import connected
from orders.rules.payment import PaymentState


@require_safe
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    settled = Payment.objects.filter(order__merchant=request.merchant, state=PaymentState.SETTLED)
    goods: QuerySet[Any] = shop_shelf(request.merchant)  # with `left`
    context = {
        "gateways": connected(),
        "last": settled.select_related("order").order_by("-settled_at").first(),
        "product": goods.filter(left__gt=0).first(),
    }
    return render(request, "orders/payment/setting.html", context)
