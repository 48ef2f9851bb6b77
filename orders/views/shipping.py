"""What parcels cost, by region; the address book of a device."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.device import device_of, known_device
from merchants.errors import RuleBroken
from merchants.models import Merchant
from merchants.resent import once_per_form
from merchants.rules.region import region_name
from merchants.rules.role import Role
from orders.forms.shipping import ShippingRuleForm
from orders.models import ShippingRule
from orders.selectors.shipping import addresses_of, bought_on, promise_to
from orders.services.shipping import drop_rule, forget_address, save_rule


@require_safe
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    language = get_language() or settings.LANGUAGE_CODE
    rules = request.merchant.shipping_rules.prefetch_related("regions")
    named = [
        (rule, [region_name(one.region, language) for one in rule.regions.all()]) for rule in rules
    ]
    home = region_name(request.merchant.country, language)
    return render(request, "orders/shipping/list.html", {"rules": named, "home": home})


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def create(request: MerchantRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def edit(request: MerchantRequest, rule: str) -> HttpResponse:
    return _edit(request, get_object_or_404(request.merchant.shipping_rules, public_id=rule))


def _edit(request: MerchantRequest, rule: ShippingRule | None) -> HttpResponse:
    form = ShippingRuleForm(request.POST or None, merchant=request.merchant, rule=rule)
    if request.method == "POST" and form.is_valid():

        def save() -> str:
            return save_rule(merchant=request.merchant, rule=rule, **form.terms()).public_id

        try:
            once_per_form(request, scope="shipping", act=save)
        except RuleBroken as refusal:
            form.add_error("provinces", str(refusal))
        else:
            messages.success(request, _("Saved"))
            return redirect("orders:shipping", request.merchant.slug)
    status = 422 if form.is_bound else 200
    context = {"form": form, "rule": rule}
    return render(request, "orders/shipping/edit.html", context, status=status)


@require_POST
@merchant_view(Role.MANAGER)
def drop(request: MerchantRequest, rule: str) -> HttpResponse:
    drop_rule(rule=get_object_or_404(request.merchant.shipping_rules, public_id=rule))
    messages.success(request, _("Taken out. Parcels there cost as usual again."))
    return redirect("orders:shipping", request.merchant.slug)


@require_http_methods(["GET", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """Where this device had things sent. POST takes one out."""
    device = device_of(request.session)
    if request.method == "POST":
        forget_address(device=device, key=request.POST.get("address", ""))
        return redirect("track:addresses")
    addresses = addresses_of(bought_on(device))
    return render(request, "orders/shipping/book.html", {"addresses": addresses})


@require_safe
def promise(request: HttpRequest, merchant: str) -> HttpResponse:
    """What a parcel of this shop costs her: a line of the goods' page, and a page of its own."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context = {"merchant": shop, "promise": promise_to(shop, known_device(request.session))}
    template = "_promise.html" if request.headers.get("HX-Request") else "promise.html"
    return render(request, f"orders/shipping/{template}", context)
