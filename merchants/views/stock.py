"""The stock of one product: where it lies, what happened to it, and what is booked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.stock import StockForm
from merchants.models import Product, Store, Variant
from merchants.models.stock import REASON_LABELS
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.stock import Reason, closing, last_days, staircase
from merchants.selectors.stock import changes_by_day, ledger, with_balance
from merchants.selectors.store import stores_ever
from merchants.services.counter import sell_at_counter
from merchants.services.stock import change_stock
from merchants.services.transfer import transfer_stock

PER_PAGE = 30
DAYS = 60
WIDE, HIGH = 600, 120  # of the plot, in its own units


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def stock(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    if request.method == "GET":
        return _page(request, found, StockForm(product=found, stores=request.stores))
    form = StockForm(request.POST, product=found, stores=request.stores)
    if form.is_valid():
        try:
            once_per_form(request, scope="stock", act=lambda: _book(request, form))
        except RuleBroken as refusal:
            form.add_error("quantity", str(refusal))
        else:
            return _booked(request, found, form)
    return _page(request, found, form, status=422)


def _book(request: MerchantRequest, form: StockForm) -> str:
    data = form.cleaned_data
    goods: dict[str, Any] = {"variant": data["variant"], "store": data["store"]}
    words: dict[str, Any] = {"by": request.user, "note": data["note"]}
    if data["reason"] == Reason.TRANSFERRED:
        return transfer_stock(
            pieces={data["variant"]: data["quantity"]},
            source=data["store"],
            target=data["target"],
            **words,
        )
    if data["reason"] == Reason.COUNTER_SALE:
        return sell_at_counter(quantity=data["quantity"], **goods, **words)
    reason = Reason(data["reason"])
    return str(change_stock(delta=form.delta(), reason=reason, **goods, **words).pk)


def _booked(request: MerchantRequest, product: Product, form: StockForm) -> HttpResponse:
    if request.htmx:
        fresh = StockForm(product=product, stores=request.stores)
        fresh.initial = {"store": form.cleaned_data["store"].pk}
        answer = _page(request, product, fresh)
        return trigger_client_event(answer, "toast", {"text": _("Saved")})
    messages.success(request, _("Saved"))
    address = reverse("merchants:product_stock", args=[request.merchant.slug, product.public_id])
    return redirect(f"{address}?variant={form.cleaned_data['variant'].pk}")


def _page(
    request: MerchantRequest, product: Product, form: StockForm, *, status: int = 200
) -> HttpResponse:
    variants = list(product.variants.all())
    variant = _asked(variants, request.POST.get("variant") or request.GET.get("variant", ""))
    stores = list(stores_ever(request.staff))
    context: dict[str, Any] = {"product": product, "variants": variants, "variant": variant}
    context |= {"stores": stores, "form": form, "query": request.GET, "reasons": REASON_LABELS}
    if variant is not None:
        form.initial.setdefault("variant", variant.pk)
        context |= _history(request, variant, stores) | _plot(variant, stores)
    part = request.htmx and not request.htmx.boosted
    name = "_stock.html" if part else "page.html"
    return render(request, f"merchants/stock/{name}", context, status=status)


def _asked(variants: list[Variant], typed: str) -> Variant | None:
    return next((one for one in variants if str(one.pk) == typed), next(iter(variants), None))


def _history(request: MerchantRequest, variant: Variant, stores: list[Store]) -> dict[str, Any]:
    """Where it lies, and what happened, also in closed stores; filtered by reason and store."""
    store, reason = request.GET.get("store", ""), request.GET.get("reason", "")
    places = list(variant.stock.filter(store__in=request.stores).select_related("store"))
    asked = [one for one in stores if str(one.pk) == store] or stores
    moves = ledger(variant, asked, reason if reason in REASON_LABELS else "")
    page = Paginator(moves, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "places": sorted(places, key=lambda one: (one.store.position, one.store_id)),
        "page": page,
        "moves": with_balance(list(page)),
        "there": sum(place.on_hand for place in places),
        "held": sum(place.reserved for place in places),
        "free": sum(place.available for place in places),
    }


def _plot(variant: Variant, stores: list[Store]) -> dict[str, Any]:
    """How many lay there at the end of each of the last days."""
    days = last_days(timezone.localdate(), DAYS)
    since = timezone.make_aware(datetime.combine(days[0], datetime.min.time()))
    there = sum(variant.stock.filter(store__in=stores).values_list("on_hand", flat=True))
    changes = changes_by_day(variant, stores, since - timedelta(seconds=1))
    values = closing(there, changes, days)
    top = max(*values, variant.low_stock, 1)
    return {
        "plot": {
            "path": staircase(values, top=top, width=WIDE, height=HIGH),
            "line": round(HIGH - HIGH * variant.low_stock / top, 1),
            "top": top,
            "from": days[0],
            "to": days[-1],
            "rows": [
                (day, value)
                for place, (day, value) in enumerate(zip(days, values, strict=True))
                if place == 0 or values[place - 1] != value
            ],
        }
    }
