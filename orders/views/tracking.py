"""News about parcels: the shop's account with a provider, and where that calls back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.models import Merchant
from merchants.rules.role import Role
from orders.forms.tracking import FORMS
from orders.payments.gateway import Heard
from orders.payments.vault import seal
from orders.services.tracking import connect_tracker, disconnect_tracker, hear_parcel
from orders.tracking import TRACKERS, account_of, tracker_of, usable
from orders.views.callback import answered


@sensitive_post_parameters("key", "salt")
@never_cache
@require_http_methods(["GET", "POST"])
@merchant_view(Role.OWNER)
def setting(request: MerchantRequest) -> HttpResponse:
    """The keys are typed in once and never shown again; sent twice they are the same keys."""
    account = account_of(request.merchant.pk)
    name = request.POST.get("tracker", "kuaidi100")
    if name not in usable():
        raise Http404
    kind = FORMS[name]
    initial = {kind.NUMBER: account.number if account else ""}
    form = kind(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        connect_tracker(
            merchant=request.merchant,
            tracker=name,
            number=form.cleaned_data.get(kind.NUMBER, ""),
            sealed=seal(form.cleaned_data),
            by=request.user,
        )
        words = _("Saved. The keys are sealed, and nobody is shown them again.")
        messages.success(request, words)
        return redirect("orders:tracking", request.merchant.slug)
    hook = reverse("track:parcel_news", args=["kuaidi100", request.merchant.slug])
    context = {
        "form": form if name == "kuaidi100" else FORMS["kuaidi100"](),
        "account": account,
        "practice": "practice" in usable(),
        "hook": settings.SITE_URL + hook,
    }
    status = 422 if form.is_bound else 200
    return render(request, "orders/tracker/setting.html", context, status=status)


@require_POST
@merchant_view(Role.OWNER)
def remove(request: MerchantRequest) -> HttpResponse:
    account = account_of(request.merchant.pk)
    if account is not None:
        disconnect_tracker(account=account, by=request.user)
    messages.success(request, _("Removed. Its keys are gone."))
    return redirect("orders:tracking", request.merchant.slug)


@csrf_exempt
@require_POST
def hear(request: HttpRequest, tracker: str, merchant: str) -> HttpResponse:
    """What a provider tells of a parcel, proved by nothing but its signature (P4)."""
    if tracker not in TRACKERS:
        raise Http404
    shop = get_object_or_404(Merchant, slug=merchant)
    provider = tracker_of(tracker)

    def act(heard: Heard) -> None:
        news = provider.hear(shop, heard)
        hear_parcel(merchant=shop, carrier=news.carrier, number=news.number, seen=news.seen)

    return answered(request, provider, f"{tracker} for {shop.slug}", act)
