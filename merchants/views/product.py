"""The inventory pages."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken, StaleVersion
from merchants.forms.product import (
    BaseVariantFormSet,
    PhotoForm,
    ProductForm,
    StockForm,
    VariantFormSet,
)
from merchants.models import Product, StockMovement
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.selectors.product import product_counts, product_list, variants_with_stock
from merchants.services.photo import add_photo, remove_photo
from merchants.services.product import save_product
from merchants.services.stock import change_stock

PER_PAGE = 50
MOST_PHOTOS = 9  # in one go
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


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def create(request: MerchantRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def edit(request: MerchantRequest, product: str) -> HttpResponse:
    return _edit(request, get_object_or_404(request.merchant.products, public_id=product))


def _edit(request: MerchantRequest, product: Product | None) -> HttpResponse:
    form, variants = _forms(request, product, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and variants.is_valid():
            try:
                saved = _save(request, product, form, variants)
            except StaleVersion as refusal:
                form.add_error(None, str(refusal))
                status = 409
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved"))
                return redirect("merchants:product_edit", request.merchant.slug, saved.public_id)
    return _page(request, product, form, variants, status=status)


def _page(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
    *,
    stock_form: StockForm | None = None,
    refused: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {
        "form": form,
        "variants": variants,
        "product": product,
        "categories": request.merchant.categories.all(),
        "stale": status == 409,
    }
    if product is not None:
        movements = StockMovement.objects.filter(stock__variant__product=product)
        context |= {
            "photos": product.photos.all(),
            "photo_form": PhotoForm(),
            "refused": refused or [],
            "stock_form": stock_form or StockForm(product=product),
            "rows": variants_with_stock(product).prefetch_related("stock__store"),
            "movements": movements.select_related("stock__variant", "stock__store", "by")[:30],
        }
    return render(request, "merchants/product/edit.html", context, status=status)


def _forms(
    request: MerchantRequest, product: Product | None, data: QueryDict | None
) -> tuple[ProductForm, BaseVariantFormSet]:
    rows: list[dict[str, object]] = []
    if product is None:
        form = ProductForm(data, initial={"state": ProductState.ON_SALE.value})
    else:
        form = ProductForm(data, initial=ProductForm.of(product))
        names = ("id", "name", "sku", "barcode", "price", "compare_at", "low_stock")
        rows = list(product.variants.values(*names))
    variants = VariantFormSet(
        data, prefix="variants", initial=rows, form_kwargs={"merchant": request.merchant}
    )
    return form, cast(BaseVariantFormSet, variants)


def _blank(request: MerchantRequest, product: Product) -> tuple[ProductForm, BaseVariantFormSet]:
    """The forms as saved, beside another form of the page that came back."""
    return _forms(request, product, None)


def _save(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
) -> Product:
    typed = [row for row in variants.forms if row.has_changed() or row.initial]
    saved = save_product(
        merchant=request.merchant,
        product=product,
        version=form.cleaned_data["version"],
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        category=form.category_of(request.merchant),
        state=ProductState(form.cleaned_data["state"]),
        variants=[row.data_of() for row in typed],
    )
    store = request.merchant.stores.first()
    by_sku = {variant.sku: variant for variant in saved.variants.all()}
    for row in typed:
        opening = row.cleaned_data["opening"]
        if opening and not row.cleaned_data["id"] and store is not None:
            change_stock(
                variant=by_sku[row.cleaned_data["sku"]],
                store=store,
                delta=opening,
                reason=Reason.RECEIVED,
                by=request.user,
            )
    return saved


@require_POST
@merchant_view(Role.CLERK)
def stock(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    form = StockForm(request.POST, product=found)
    if form.is_valid():
        try:
            change_stock(
                variant=form.cleaned_data["variant"],
                store=form.cleaned_data["store"],
                delta=form.delta(),
                reason=Reason(form.cleaned_data["reason"]),
                by=request.user,
            )
        except RuleBroken as refusal:
            form.add_error("quantity", str(refusal))
        else:
            messages.success(request, _("Saved"))
            return _to(request, found, "stock")
    return _page(request, found, *_blank(request, found), stock_form=form, status=422)


@require_POST
@merchant_view(Role.CLERK)
def photo_add(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    files = request.FILES.getlist("file")[:MOST_PHOTOS]
    refused = [] if files else [_("Choose at least one photo.")]
    for file in files:
        try:
            add_photo(product=found, file=cast(BinaryIO, file), size=file.size or 0)
        except RuleBroken as refusal:
            refused.append(f"{file.name}: {refusal}")
    if refused:
        return _page(request, found, *_blank(request, found), refused=refused, status=422)
    messages.success(request, _("Saved"))
    return _to(request, found, "photos")


@require_POST
@merchant_view(Role.CLERK)
def photo_remove(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    remove_photo(photo=get_object_or_404(found.photos, pk=photo))
    messages.success(request, _("Removed"))
    return _to(request, found, "photos")


def _to(request: MerchantRequest, product: Product, part: str) -> HttpResponse:
    """Back to the part of the page where the change was made."""
    address = reverse("merchants:product_edit", args=[request.merchant.slug, product.public_id])
    return redirect(f"{address}#{part}")
