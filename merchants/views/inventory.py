"""The inventory list, and what is done to many goods at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.inventory import GoodsForm
from merchants.models import Store
from merchants.models.product import STATE_LABELS
from merchants.resent import once_per_form
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.selectors.product import listed, product_counts, product_list, repriced
from merchants.services.inventory import MOST, GoodsChange, change_goods

PER_PAGE = 50
MOST_COUNTED = 10_000  # then the foot says “10000+”
FILTERS = ("q", "category", "state", "stock", "store", "sort")
SORT_LABELS = {
    "stock": _l("Lowest stock first"),
    "new": _l("Newest first"),
    "price": _l("Lowest price first"),
    "name": _l("By name"),
}


@require_safe
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    stores, whole = _places(request)
    store = _store(stores, whole, request.GET.get("store"))
    counts = product_counts(request.merchant, store)
    page = _page(request, store, counts["listed"])
    rows = listed(request.merchant, list(page.object_list), timezone.now(), store)
    template = "_table.html" if request.htmx and not request.htmx.boosted else "list.html"
    context = {
        "page": page,
        "rows": rows,
        "counts": counts,
        "categories": request.merchant.categories.all(),
        "stores": stores,
        "whole": whole,
        "store": store,
        "sorts": SORT_LABELS,
        "query": request.GET,
        "filters": [(f"list_{name}", request.GET[name]) for name in FILTERS if name in request.GET],
        "may_change": request.staff.is_manager,
    }
    return render(request, f"merchants/product/{template}", context)


def _places(request: MerchantRequest) -> tuple[list[Store], bool]:
    """The stores she serves, and whether those are all: then she sees all of them added up."""
    stores = list(request.stores)
    return stores, request.staff.is_manager or len(stores) == request.merchant.stores.count()


def _store(stores: list[Store], whole: bool, asked: str | None) -> Store | None:
    """The store asked for, if she serves it; None is all of them together."""
    found = next((one for one in stores if str(one.pk) == asked), None)
    if found is None and not whole:
        return stores[0] if stores else Store(pk=0)  # no store of hers: none with any goods
    return found


class Pages(Paginator):
    """Pages of a list whose length may be known already, and is counted up to MOST_COUNTED."""

    def __init__(self, found: QuerySet[Any], length: int | None) -> None:
        super().__init__(found, PER_PAGE)
        unsorted = found.order_by()  # a count needs no order, and it would be sorted for one
        counted = unsorted[: MOST_COUNTED + 1].count() if length is None else length
        self.more = length is None and counted > MOST_COUNTED
        self.count = MOST_COUNTED if self.more else counted


def _page(request: MerchantRequest, store: Store | None, listed: int) -> Page[int]:
    """The ids of one page: its rows are fetched apart, so that no index is passed over."""
    query = request.GET.dict()
    found = product_list(request.merchant, query, store).values_list("pk", flat=True)
    plain = store is None and not any(query.get(name) for name in FILTERS if name != "sort")
    return Pages(found, listed if plain else None).get_page(query.get("page"))


@require_POST
@merchant_view(Role.MANAGER)
def bulk(request: MerchantRequest) -> HttpResponse:
    """Goods ticked in the list: one of its buttons, or the page where more can be changed."""
    chosen = chosen_products(request)
    wish = request.POST.get("do", "")
    if wish in set(ProductState):
        return _at_once(request, chosen, GoodsChange(state=ProductState(wish)))
    sent = wish in {"preview", "apply"}
    form = GoodsForm(request.POST if sent else None, currency=request.merchant.currency)
    if not sent or not form.is_valid():
        return _bulk_page(request, chosen, form, status=422 if sent else 200)
    if wish == "preview":
        return _bulk_page(request, chosen, form, change=form.change())
    try:
        return _changed(request, chosen, form.change())
    except RuleBroken as refusal:
        form.add_error(None, str(refusal))
        return _bulk_page(request, chosen, form, status=refusal.status)


def chosen_products(request: MerchantRequest) -> list[int]:
    """The ids of what was ticked, or with `all` of everything that the list's filters match."""
    if "all" in request.POST:
        query = {name: str(value) for name, value in _query_of(request).items()}
        found = product_list(request.merchant, query, filters_store(request))
    else:
        found = request.merchant.products.filter(public_id__in=request.POST.getlist("products"))
    return list(found.order_by("pk").values_list("pk", flat=True)[: MOST + 1])


def filters_store(request: MerchantRequest) -> Store | None:
    """The store by which the list was filtered."""
    return _store(*_places(request), request.POST.get("list_store"))


def _query_of(request: MerchantRequest) -> QueryDict:
    """The list as it was when the goods were ticked: `list_q`, `list_category` …"""
    query = QueryDict(mutable=True)
    for name in FILTERS:
        if typed := request.POST.get(f"list_{name}"):
            query[name] = typed
    return query


def filters_of(request: MerchantRequest) -> list[tuple[str, str]]:
    """The same as hidden fields of the next form."""
    return [(f"list_{name}", str(value)) for name, value in _query_of(request).items()]


def _at_once(request: MerchantRequest, chosen: list[int], change: GoodsChange) -> HttpResponse:
    try:
        return _changed(request, chosen, change)
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
        return redirect(back_to_list(request))


def _changed(request: MerchantRequest, chosen: list[int], change: GoodsChange) -> HttpResponse:
    count = once_per_form(
        request,
        scope="goods",
        act=lambda: change_goods(
            merchant=request.merchant, products=chosen, change=change, by=request.user
        ),
    )
    said = ngettext("%(count)s product changed", "%(count)s products changed", count)
    messages.success(request, said % {"count": count})
    return redirect(back_to_list(request))


def back_to_list(request: MerchantRequest) -> str:
    query = _query_of(request).urlencode()
    address = reverse("merchants:product_list", args=[request.merchant.slug])
    return f"{address}?{query}" if query else address


def _bulk_page(
    request: MerchantRequest,
    chosen: list[int],
    form: GoodsForm,
    *,
    change: GoodsChange | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "count": min(len(chosen), MOST),
        "too_many": len(chosen) > MOST,
        "most": MOST,
        "categories": request.merchant.categories.all(),
        "back": back_to_list(request),
        "filters": filters_of(request),
        "ticked": [] if "all" in request.POST else request.POST.getlist("products"),
        "change": change,
    }
    if change is not None:
        context["state_word"] = STATE_LABELS.get(change.state or "")
        context |= repriced(request.merchant, chosen, change.repricing)
    return render(request, "merchants/product/bulk.html", context, status=status)
