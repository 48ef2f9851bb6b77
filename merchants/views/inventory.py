"""The inventory list."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role
from merchants.selectors.product import product_counts, product_list

PER_PAGE = 50
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
    products = product_list(request.merchant, request.GET.dict())
    page = Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
    template = "_table.html" if request.htmx and not request.htmx.boosted else "list.html"
    context = {
        "page": page,
        "counts": product_counts(request.merchant),
        "categories": request.merchant.categories.all(),
        "sorts": SORT_LABELS,
        "query": request.GET,
    }
    return render(request, f"merchants/product/{template}", context)
