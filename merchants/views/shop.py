"""The shop as its customers see it. Public: the merchant comes from the address."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from merchants.models import Merchant, Product, Variant
from merchants.selectors.product import shop_categories, shop_shelf, variants_with_stock
from merchants.selectors.share import MARK, remember_sharer
from merchants.selectors.store import stores_at


@require_safe
def front(request: HttpRequest, merchant: str) -> HttpResponse:
    shop = get_object_or_404(Merchant.objects.select_related("verification"), slug=merchant)
    words = request.GET.get("q", "")[:60]
    headings = shop_categories(shop)
    chosen = next((one for one in headings if str(one.pk) == request.GET.get("category")), None)
    products = shop_shelf(shop, words, chosen)
    page = Paginator(products, 48).get_page(request.GET.get("page"))
    context = {
        "merchant": shop,
        "page": page,
        "q": words,
        "categories": headings,
        "chosen": chosen,
        "stores": stores_at(shop, timezone.now()),
    }
    return render(request, "merchants/shop/front.html", context)


@require_safe
def product(request: HttpRequest, merchant: str, product: str) -> HttpResponse:
    shop = get_object_or_404(Merchant, slug=merchant)
    found = get_object_or_404(
        Product.objects.on_sale().prefetch_related("photos"), merchant=shop, public_id=product
    )
    remember_sharer(request.session, shop, request.GET.get(MARK, ""), request.user)
    variants: list[Variant] = list(variants_with_stock(found))
    context = {
        "merchant": shop,
        "product": found,
        "variants": variants,
        "some_sold_out": any(one.left <= 0 for one in variants),  # type: ignore[attr-defined]
        "first": next((one for one in variants if one.left > 0), None),  # type: ignore[attr-defined]
    }
    return render(request, "merchants/shop/product.html", context)
