"""The merchant's coupon pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.selectors.stock import find_variant, free_pieces
from orders.forms.coupon import CouponForm
from orders.selectors.coupon import coupon_list
from orders.services.coupon import issue_coupon, stop_coupon

TAB_LABELS = {"open": _l("Running"), "later": _l("Not started"), "over": _l("Over")}


@require_safe
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    found = coupon_list(request.merchant, timezone.now())
    tab = request.GET.get("tab", "open")
    if tab not in found:
        tab = "open"
    context = {
        "coupons": found[tab],
        "tab": tab,
        "tabs": [(name, TAB_LABELS[name], len(coupons)) for name, coupons in found.items()],
        "form": CouponForm(merchant=request.merchant),
    }
    return render(request, "orders/coupon/list.html", context)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def create(request: MerchantRequest) -> HttpResponse:
    form = CouponForm(request.POST or None, merchant=request.merchant)
    if request.method == "POST" and form.is_valid():

        def issue() -> str:
            return issue_coupon(merchant=request.merchant, **form.terms()).public_id

        once_per_form(request, scope="coupon", act=issue)
        messages.success(request, _("Issued. Drop it in a live room, or let customers find it."))
        return redirect("orders:coupon_list", request.merchant.slug)
    status = 422 if form.is_bound else 200
    return render(request, "orders/coupon/new.html", {"form": form}, status=status)


@require_safe
@merchant_view(Role.CLERK)
def gift(request: MerchantRequest) -> HttpResponse:
    """What a typed SKU stands for, so that the form can say what the gifts may cost."""
    typed = request.GET.get("gift", "").strip()[:40]
    variant = find_variant(request.merchant, typed) if typed else None
    free = free_pieces(request.merchant, [variant.pk])[variant.pk] if variant else 0
    context = {"typed": typed, "variant": variant, "free": max(free, 0)}
    return render(request, "orders/coupon/_gift.html", context)


@require_POST
@merchant_view(Role.CLERK)
def stop(request: MerchantRequest, coupon: str) -> HttpResponse:
    stop_coupon(coupon=get_object_or_404(request.merchant.coupons, public_id=coupon))
    messages.success(request, _("Stopped. What was claimed stays good."))
    return redirect("orders:coupon_list", request.merchant.slug)
