"""A shopper's coupon at the counter: scan its code, see what it is good for, take it off."""

from __future__ import annotations

import re

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from merchants.rules.search import key_of
from orders.forms.coupon import CounterForm
from orders.models import CounterUse, Voucher
from orders.rules.coupon import VoucherState
from orders.selectors.money import money_text
from orders.services.coupon import spelt_code
from orders.services.coupon_counter import take_voucher, undo_use

ADDRESS = re.compile(r"/vouchers/([0-9A-Za-z]{12})/")  # what the square on her phone says


@require_safe
@merchant_view(Role.CLERK)
def scan(request: MerchantRequest) -> HttpResponse:
    """One field: a scanner types the address of the voucher into it, a clerk its code."""
    typed = request.GET.get("q", "")[:200]
    if not typed:
        return render(request, "orders/voucher/scan.html")
    inside = ADDRESS.search(typed)
    code = inside[1].upper() if inside else spelt_code(typed)
    if _vouchers(request).filter(code=code).exists():
        return redirect("orders:voucher_take", request.merchant.slug, code)
    context = {"typed": typed, "trouble": _("No coupon of this shop has that code.")}
    return render(request, "orders/voucher/scan.html", context, status=422)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def take(request: MerchantRequest, code: str) -> HttpResponse:
    """What the coupon is good for. POST takes it off a sum."""
    voucher = get_object_or_404(_vouchers(request), code=code)
    form = CounterForm(request.POST or None, stores=request.stores, merchant=request.merchant)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                taken = take_voucher(voucher=voucher, by=request.user, **form.cleaned_data)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _said(taken, request.merchant.currency))
                return redirect("orders:voucher_take", request.merchant.slug, code)
    good = voucher.state == VoucherState.CLAIMED and voucher.good_until > timezone.now()
    uses = voucher.counter_uses.filter(undone_at=None)
    use = uses.select_related("store", "by", "gift__product").first()
    context = {"voucher": voucher, "form": form, "good": good, "use": use}
    return render(request, "orders/voucher/take.html", context, status=status)


@require_POST
@merchant_view(Role.CLERK)
def undo(request: MerchantRequest, code: str) -> HttpResponse:
    """The use that the form names, of a store that she serves: a later one is not undone by it."""
    voucher = get_object_or_404(_vouchers(request), code=code)
    uses = voucher.counter_uses.filter(store__in=request.stores)
    use = uses.filter(pk=key_of(request.POST.get("use", ""))).first()
    try:
        if use and undo_use(use=use, by=request.user, may_always=request.staff.is_manager):
            messages.success(request, _("Undone. The coupon is good again."))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("orders:voucher_take", request.merchant.slug, code)


def _said(taken: CounterUse, currency: str) -> str:
    """What the clerk does now."""
    if taken.gift is not None:
        return _("Hand over one: %(goods)s.") % {"goods": taken.gift}
    return _("Take %(amount)s off.") % {"amount": money_text(taken.saving, currency)}


def _vouchers(request: MerchantRequest) -> QuerySet[Voucher]:
    rows = Voucher.objects.filter(coupon__merchant=request.merchant)
    return rows.select_related(
        "coupon__merchant", "coupon__gift__product", "customer"
    ).prefetch_related("coupon__products", "coupon__categories", "coupon__stores")
