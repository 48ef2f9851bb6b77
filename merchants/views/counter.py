"""The till: what is sold over the counter is scanned here, and gone from the live room at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.models import Store, Variant
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.search import code_or_words, key_of
from merchants.rules.stock import TILL
from merchants.selectors.stock import find_variant, found_goods, till_lines, till_total
from merchants.services.counter import sell_at_counter, take_back

SHOWN = 40  # lines of today
LONGEST = 60  # letters of a code or of words to look for


@require_safe
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def page(request: MerchantRequest) -> HttpResponse:
    return _till(request, chosen_store(request), typed=request.GET.get("q", "")[:LONGEST])


@require_POST
@merchant_view(Role.CLERK)
def choose(request: MerchantRequest) -> HttpResponse:
    """The store at whose till she stands; remembered while she is signed in."""
    if "store" in request.POST:
        remember_store(request, request.POST["store"])
    return redirect("merchants:counter", request.merchant.slug)


@require_POST
@merchant_view(Role.CLERK)
def sell(request: MerchantRequest) -> HttpResponse:
    """One piece of a scanned code, or of the goods that a button names, from the store it names."""
    store = _named_store(request)
    if store is None:
        return _choose_first(request)
    typed = request.POST.get("code", "").strip()[:LONGEST]
    variant = (
        _named(request) if "variant" in request.POST else find_variant(request.merchant, typed)
    )
    if variant is None:
        return _till(request, store, typed=typed, unknown=code_or_words(typed), status=422)
    try:
        once_per_form(request, scope="sell", act=lambda: _sold(request, store, variant))
    except RuleBroken as refusal:
        return _till(request, store, trouble=f"{variant}{_(': ')}{refusal}", status=refusal.status)
    return _done(request, store)


@require_POST
@merchant_view(Role.CLERK)
def back(request: MerchantRequest) -> HttpResponse:
    """One piece of a line, or with `all` the whole line, comes back into stock."""
    store = _named_store(request)
    reference = f"{TILL} {_line_key(request)}"
    if store is None:
        return _choose_first(request)
    if not till_lines(store, request.user, today(), reference=reference):
        return _till(request, store, trouble=_("This line is not one of yours today."), status=422)
    pieces = None if "all" in request.POST else 1

    def act() -> int:
        return take_back(store=store, reference=reference, by=request.user, quantity=pieces).pk

    try:
        once_per_form(request, scope="back", act=act)
    except RuleBroken as refusal:
        return _till(request, store, trouble=str(refusal), status=refusal.status)
    return _done(request, store)


def today() -> datetime:
    """When this day began here."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def chosen_store(request: MerchantRequest) -> Store | None:
    """The only store that she serves, or the one she chose while she still serves it."""
    stores = list(request.stores)
    chosen = request.session.get("counter", {}).get(request.merchant.slug)
    return next((one for one in stores if one.pk == chosen or len(stores) == 1), None)


def remember_store(request: MerchantRequest, typed: str) -> None:
    """Keep her choice if it is a store of hers; 404 otherwise, as if it were not there."""
    store = get_object_or_404(request.stores, pk=key_of(typed))
    request.session["counter"] = request.session.get("counter", {}) | {
        request.merchant.slug: store.pk
    }


def _named_store(request: MerchantRequest) -> Store | None:
    """The store whose till the form was written for, whatever she chose elsewhere meanwhile."""
    return request.stores.filter(pk=key_of(request.POST.get("store", ""))).first()


def _named(request: MerchantRequest) -> Variant | None:
    rows = request.merchant.variants.select_related("product")
    return rows.filter(pk=key_of(request.POST.get("variant", ""))).first()


def _sold(request: MerchantRequest, store: Store, variant: Variant) -> str:
    line = _line(request, store, variant)
    return sell_at_counter(variant=variant, store=store, by=request.user, reference=line)


def _line(request: MerchantRequest, store: Store, variant: Variant) -> str:
    """The line that grows: the one whose + was pressed, or the latest if of the same goods.

    Empty if neither: then it is a new one.
    """
    named = _line_key(request)
    lines = till_lines(
        store, request.user, today(), most=1, reference=f"{TILL} {named}" if named else ""
    )
    open_ones = [one for one in lines if one.variant == variant and one.sold > 0]
    return open_ones[0].reference if open_ones else ""


def _line_key(request: MerchantRequest) -> str:
    return request.POST.get("line", "").replace("\x00", "")[:20]  # NUL: no database takes it


def _choose_first(request: MerchantRequest) -> HttpResponse:
    """She serves this store no more: nothing is booked, and the page asks where she stands."""
    messages.error(
        request, _("Nothing was booked: this till is of a store that you do not serve now.")
    )
    address = reverse("merchants:counter", args=[request.merchant.slug])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _done(request: MerchantRequest, store: Store) -> HttpResponse:
    if request.htmx:
        return _till(request, store)
    return redirect("merchants:counter", request.merchant.slug)


def _till(
    request: MerchantRequest, store: Store | None, *, status: int = 200, **said: Any
) -> HttpResponse:
    """The page, or only what changes on it. `said`: typed, trouble, unknown."""
    context: dict[str, Any] = {"store": store, "stores": request.stores, **said}
    if store is not None:
        context |= {
            "goods": found_goods(request.merchant, said.get("typed", ""), store),
            "lines": till_lines(store, request.user, today(), most=SHOWN),
            "total": till_total(store, request.user, today()),
        }
    part = request.htmx and not request.htmx.boosted
    name = "_till.html" if part else "page.html"
    return render(request, f"merchants/counter/{name}", context, status=status)
