"""What a shopper may claim and what she has: a shop's listed coupons, codes, the wallet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from merchants.device import customer_of, device_of
from merchants.errors import RuleBroken
from merchants.models import Merchant
from merchants.pace import keep_pace
from merchants.rules.qr import square
from merchants.services.code import texts_codes
from orders.forms.coupon import CodeForm
from orders.hers import people_of, phones_of
from orders.models import Coupon, Voucher
from orders.rules.coupon import VoucherState
from orders.selectors.coupon import listed_coupons
from orders.selectors.voucher import wallet
from orders.services.coupon import claim_by_code, claim_coupon


@require_http_methods(["GET", "POST"])
def vouchers(request: HttpRequest) -> HttpResponse:
    """The wallet of this device, and of the numbers shown to be hers. POST claims by code."""
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                keep_pace(request, "coupon_code")
                claim_by_code(
                    typed=form.cleaned_data["typed"],
                    customer_at=lambda shop: customer_of(request.session, shop),
                )
            except RuleBroken as refusal:
                form.add_error("typed", str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("You have the coupon"))
                return redirect("track:vouchers")
    device, phones = device_of(request.session), phones_of(request.session)
    context: dict[str, Any] = {"form": form, "found": wallet(device, phones), "phones": phones}
    context["texts"] = texts_codes()
    return render(request, "orders/voucher/wallet.html", context, status=status)


@require_safe
def voucher(request: HttpRequest, code: str) -> HttpResponse:
    """One voucher as a square to be scanned at the counter. Whoever has its code may show it."""
    rows = Voucher.objects.select_related("coupon__merchant", "coupon__gift__product")
    found = get_object_or_404(rows, code=code)
    shop = found.coupon.merchant
    address = settings.SITE_URL + reverse("orders:voucher_take", args=[shop.slug, found.code])
    context = {
        "voucher": found,
        "coupon": found.coupon,
        "code": square(address),
        "good": found.state == VoucherState.CLAIMED and found.good_until > timezone.now(),
    }
    return render(request, "orders/voucher/show.html", context)


@require_safe
def of_shop(request: HttpRequest, merchant: str) -> HttpResponse:
    """The strip of coupons on a shop's page."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context = {
        "merchant": shop,
        "coupons": listed_coupons(shop, timezone.now()),
        "held": _held(request, shop),
    }
    return render(request, "orders/voucher/_strip.html", context)


@require_http_methods(["GET", "POST"])
def coupon(request: HttpRequest, coupon: str) -> HttpResponse:
    """One coupon that a shop shows to everybody, by link. POST claims a copy."""
    listed = Coupon.objects.select_related("merchant", "gift__product").filter(listed=True)
    found = get_object_or_404(listed, public_id=coupon)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            keep_pace(request, "claim")
            customer = customer_of(request.session, found.merchant)
            claim_coupon(coupon=found, customer=customer)
        except RuleBroken as trouble:
            refusal, status = str(trouble), trouble.status
    context = {
        "coupon": found,
        "merchant": found.merchant,
        "held": found.pk in _held(request, found.merchant),
        "open": found in listed_coupons(found.merchant, timezone.now()),
        "refusal": refusal,
    }
    part = "_chip.html" if request.headers.get("HX-Request") else "page.html"
    return render(request, f"orders/voucher/{part}", context, status=status)


def _held(request: HttpRequest, merchant: Merchant) -> set[int]:
    """The coupons of the shop of which she has a copy."""
    people = people_of(request.session, merchant)
    if not people:
        return set()
    return set(Voucher.objects.filter(customer__in=people).values_list("coupon", flat=True))
