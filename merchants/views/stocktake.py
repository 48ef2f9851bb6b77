"""Counting a store: several devices at once, and nothing is booked before somebody says so."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import BadQuantity, RuleBroken
from merchants.forms.whole import WholeField
from merchants.models import Stocktake, StocktakeLine, Variant
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.search import code_or_words, key_of
from merchants.rules.stocktake import StocktakeState
from merchants.selectors.stock import find_variant, found_goods
from merchants.selectors.stocktake import counted_lines, progress_of, uncounted
from merchants.selectors.store import stores_ever
from merchants.services.stocktake import (
    CountedMeanwhile,
    RestMoved,
    apply_stocktake,
    begin_stocktake,
    count_one_more,
    discard_stocktake,
    forget_count,
    set_count,
)

PER_PAGE = 50
LONGEST = 60
VIEWS = ("counted", "off", "left")


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    """Every count of her stores; a POST begins one, or goes on with the one that is open."""
    if request.method == "POST" and (typed := request.POST.get("store", "")):
        store = get_object_or_404(request.stores, pk=key_of(typed))
        return _to(request, begin_stocktake(store=store, by=request.user))
    rows = request.merchant.stocktakes.filter(store__in=stores_ever(request.staff))
    page = Paginator(rows.select_related("store", "by"), 30).get_page(request.GET.get("page"))
    open_stores = {one.store_id for one in page if one.state == StocktakeState.OPEN}
    context = {
        "page": page,
        "stores": [one for one in request.stores if one.pk not in open_stores],
        "serves": request.stores.exists(),
    }
    return render(request, "merchants/stocktake/list.html", context)


@require_safe
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def page(request: MerchantRequest, stocktake: str) -> HttpResponse:
    return _page(request, _found(request, stocktake))


@require_POST
@merchant_view(Role.CLERK)
def count(request: MerchantRequest, stocktake: str) -> HttpResponse:
    """A scan finds one more; a typed number is the number; an empty one forgets the line."""
    found = _found(request, stocktake)
    typed = request.POST.get("code", "").strip()[:LONGEST]
    variant = (
        _named(request) if "variant" in request.POST else find_variant(request.merchant, typed)
    )
    if variant is None:
        return _page(request, found, typed=typed, unknown=code_or_words(typed), status=422)
    try:
        once_per_form(request, scope="count", act=lambda: _count(request, found, variant))
    except RuleBroken as refusal:
        said: dict[str, Any] = {"trouble": str(refusal), "wrong": variant.pk}
        if "counted" in request.POST:
            said["kept"] = request.POST["counted"][:LONGEST]
        return _page(request, found, status=refusal.status, **said)
    if request.htmx:
        return _page(request, found)
    return _to(request, found)


@require_POST
@merchant_view(Role.MANAGER)
def apply(request: MerchantRequest, stocktake: str) -> HttpResponse:
    """Book what she saw: the page carries the version of the count, and how much is left."""
    found = _found(request, stocktake)
    version, rest = (key_of(request.POST.get(name, "")) for name in ("version", "pieces"))
    gone = rest if "rest" in request.POST else None
    try:
        apply_stocktake(stocktake=found, by=request.user, version=version, gone=gone)
    except (CountedMeanwhile, RestMoved) as refusal:
        shown = "off" if isinstance(refusal, CountedMeanwhile) else "left"
        return _page(request, found, shown, trouble=str(refusal), status=refusal.status)
    except RuleBroken as refusal:
        return _page(request, found, trouble=str(refusal), status=refusal.status)
    messages.success(request, _("Booked"))
    return _to(request, found)


@require_POST
@merchant_view(Role.MANAGER)
def discard(request: MerchantRequest, stocktake: str) -> HttpResponse:
    found = _found(request, stocktake)
    try:
        discard_stocktake(stocktake=found, by=request.user)
    except RuleBroken as refusal:
        return _page(request, found, trouble=str(refusal), status=refusal.status)
    messages.success(request, _("Thrown away; the stock is as it was"))
    return redirect("merchants:stocktake_list", request.merchant.slug)


def _found(request: MerchantRequest, public_id: str) -> Stocktake:
    """A stocktake of a store that she serves."""
    rows = request.merchant.stocktakes.filter(store__in=stores_ever(request.staff))
    return get_object_or_404(rows.select_related("store"), public_id=public_id)


def _named(request: MerchantRequest) -> Variant | None:
    """One taken out meanwhile too: its count may be cleared."""
    return Variant.whole.filter(
        merchant=request.merchant, pk=key_of(request.POST.get("variant", ""))
    ).first()


def _count(request: MerchantRequest, stocktake: Stocktake, variant: Variant) -> int:
    goods: dict[str, Any] = {"stocktake": stocktake, "variant": variant}
    if "counted" not in request.POST:
        return count_one_more(by=request.user, **goods).counted
    if not request.POST["counted"].strip():
        forget_count(**goods)
        return 0
    number = WholeField(least=0)
    try:
        counted = number.clean(request.POST["counted"])
    except forms.ValidationError as trouble:
        raise BadQuantity(" ".join(trouble.messages)) from trouble
    return set_count(counted=counted, by=request.user, **goods).counted


def _to(request: MerchantRequest, stocktake: Stocktake) -> HttpResponse:
    return redirect("merchants:stocktake", request.merchant.slug, stocktake.public_id)


def _page(
    request: MerchantRequest,
    stocktake: Stocktake,
    shown: str = "",
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    """The page, or only what changes on it. `said`: typed, unknown; trouble, and of which goods
    (`wrong`) with what was typed of them (`kept`)."""
    stocktake.refresh_from_db()
    shown = shown or request.GET.get("view", "")
    shown = shown if shown in VIEWS else VIEWS[0]
    lines = _lines(request, stocktake, shown)
    context = {
        "stocktake": stocktake,
        "is_open": stocktake.state == StocktakeState.OPEN,
        "progress": progress_of(stocktake),
        "shown": shown,
        "page": lines,
        "at_row": "kept" in said and said["wrong"] in {row.variant_id for row in lines},
        "last": _last(request, stocktake),
        "categories": request.merchant.categories.all(),
        "query": request.GET,
        "goods": found_goods(request.merchant, said.get("typed", ""), stocktake.store),
        **said,
    }
    part = request.htmx and not request.htmx.boosted
    name = "_count.html" if part else "page.html"
    return render(request, f"merchants/stocktake/{name}", context, status=status)


def _lines(request: MerchantRequest, stocktake: Stocktake, shown: str) -> Page[Any]:
    rows = (
        uncounted(stocktake, _category(request)).select_related("variant__product")
        if shown == "left"
        else counted_lines(stocktake, differing=shown == "off")
    )
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def _category(request: MerchantRequest) -> Any:
    return request.merchant.categories.filter(pk=key_of(request.GET.get("category", ""))).first()


def _last(request: MerchantRequest, stocktake: Stocktake) -> StocktakeLine | None:
    """What she counted last, on whichever of her devices."""
    return counted_lines(stocktake).filter(by=request.user).first()
