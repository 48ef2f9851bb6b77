"""The merchant's physical shops."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import NoStore, RuleBroken, StoreInUse
from merchants.forms.hours import WeekForm
from merchants.forms.store import StoreForm
from merchants.models import Store
from merchants.resent import answer_before, once_per_form
from merchants.rules.role import Role
from merchants.selectors.store import obstacles, stores_at
from merchants.services.store import close_store, move_store, open_store, save_store

WAYS = {"up": -1, "down": 1}


@require_safe
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    context = {
        "stores": stores_at(request.merchant, timezone.now()),
        "closed": Store.whole.filter(merchant=request.merchant, closed_at__isnull=False),
    }
    return render(request, "merchants/store/list.html", context)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def create(request: MerchantRequest) -> HttpResponse:
    return _edit(request, Store(merchant=request.merchant))


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def edit(request: MerchantRequest, store: int) -> HttpResponse:
    return _edit(request, get_object_or_404(request.merchant.stores, pk=store))


@require_POST
@merchant_view(Role.MANAGER)
def move(request: MerchantRequest, store: int) -> HttpResponse:
    found = get_object_or_404(request.merchant.stores, pk=store)
    way = WAYS.get(request.POST.get("way", ""))
    if way:
        move_store(merchant=request.merchant, store=found, by=way)
    return redirect("merchants:store_list", request.merchant.slug)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def close(request: MerchantRequest, store: int) -> HttpResponse:
    """GET: the question, for who has no script. POST: close it, or say what stands in the way."""
    found = get_object_or_404(request.merchant.stores, pk=store)
    context = {"store": found, "obstacles": obstacles(found)}
    if request.method == "GET":
        return render(request, "merchants/store/close.html", context)
    try:
        close_store(store=found, by=request.user)
    except StoreInUse as refusal:
        context["obstacles"] = refusal.why
        return render(request, "merchants/store/close.html", context, status=refusal.status)
    messages.success(request, _("%(store)s is closed") % {"store": found.name})
    return redirect("merchants:store_list", request.merchant.slug)


@require_POST
@merchant_view(Role.MANAGER)
def reopen(request: MerchantRequest, store: int) -> HttpResponse:
    found = get_object_or_404(Store.whole, merchant=request.merchant, pk=store)
    open_store(store=found, by=request.user)
    messages.success(request, _("%(store)s is open again") % {"store": found.name})
    return redirect("merchants:store_list", request.merchant.slug)


def _edit(request: MerchantRequest, store: Store) -> HttpResponse:
    name = store.name  # the form writes into the row even what it then refuses
    form = StoreForm(request.POST or None, instance=store, merchant=request.merchant)
    week = WeekForm(request.POST or None, week=store.week)
    status = 422 if form.is_bound else 200
    if request.method == "POST":
        if form.is_valid() and week.is_valid():
            try:
                return _save(request, form, week)
            except RuleBroken as refusal:
                form.add_error("clerks" if isinstance(refusal, NoStore) else "name", str(refusal))
                status = refusal.status
        if answer_before(request, scope="store"):  # it is her own first copy that has the name
            return redirect("merchants:store_list", request.merchant.slug)
    context = {
        "form": form,
        "week": week,
        "store": store if store.pk else None,
        "name": name,
        "obstacles": obstacles(store) if store.pk else [],
    }
    return render(request, "merchants/store/edit.html", context, status=status)


def _save(request: MerchantRequest, form: StoreForm, week: WeekForm) -> HttpResponse:
    form.instance.week = week.cleaned_data["week"]
    clerks = form.cleaned_data.get("clerks")
    once_per_form(
        request, scope="store", act=lambda: save_store(store=form.instance, clerks=clerks).pk
    )
    messages.success(request, _("Saved"))
    return redirect("merchants:store_list", request.merchant.slug)
