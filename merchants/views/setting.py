"""The shop's settings: what customers see, keys for programs, the bell."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.merchant import KeyForm, MerchantForm
from merchants.models import Notification
from merchants.resent import once_per_form, opened, sealed
from merchants.rules.role import Role
from merchants.services.merchant import change_merchant, make_key
from merchants.services.notification import read_notices
from merchants.services.picture import as_webp, read_picture


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def shop(request: MerchantRequest) -> HttpResponse:
    merchant = request.merchant
    prices = {
        "shipping_fee": merchant.shipping_fee,
        "free_shipping_from": merchant.free_shipping_from,
    }
    form = MerchantForm(
        request.POST or None, request.FILES or None, instance=merchant, initial=prices
    )
    if request.method == "POST" and form.is_valid():
        try:
            picture = form.cleaned_data.pop("picture")
            logo = picture and as_webp(
                read_picture(picture, size=picture.size), (256, 256), crop=True
            )
        except RuleBroken as refusal:
            form.add_error("picture", str(refusal))
        else:
            change_merchant(merchant=merchant, logo=logo, **form.cleaned_data)
            messages.success(request, _("Saved"))
            return redirect("merchants:settings", merchant.slug)
    status = 422 if form.is_bound else 200
    return render(request, "merchants/setting/shop.html", {"form": form}, status=status)


@require_safe
@merchant_view(Role.OWNER)
def keys(request: MerchantRequest) -> HttpResponse:
    """What programs may come in with."""
    context = {"keys": request.merchant.api_keys.filter(revoked=False)}
    return render(request, "merchants/setting/keys.html", context)


@require_POST
@merchant_view(Role.OWNER)
def key_new(request: MerchantRequest) -> HttpResponse:
    form = KeyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the key a name."))
        return redirect("merchants:keys", request.merchant.slug)

    def make() -> str:
        _key, secret = make_key(merchant=request.merchant, name=form.cleaned_data["name"])
        return sealed(request, secret)

    secret = opened(request, once_per_form(request, scope="key", act=make))
    return render(request, "merchants/setting/key.html", {"secret": secret})


@require_POST
@merchant_view(Role.OWNER)
def key_revoke(request: MerchantRequest, prefix: str) -> HttpResponse:
    key = get_object_or_404(request.merchant.api_keys, prefix=prefix)
    key.revoked = True
    key.save(update_fields=["revoked"])
    messages.success(request, _("The key works no longer."))
    return redirect("merchants:keys", request.merchant.slug)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def notices(request: MerchantRequest) -> HttpResponse:
    """The bell: the latest news of the shop. POST marks it read."""
    if request.method == "POST":
        read_notices(staff=request.staff)
        return redirect("merchants:notices", request.merchant.slug)
    news = Notification.objects.for_staff(request.staff)[:50]
    return render(request, "merchants/notification/list.html", {"news": news})
