"""The inventory pages."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken, StaleVersion
from merchants.forms.product import PhotoForm, ProductForm, StockForm, VariantFormSet
from merchants.models import Product, StockMovement
from merchants.models.product import STATE_LABELS
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.selectors.product import product_list
from merchants.services.photo import add_photo, remove_photo
from merchants.services.product import save_product
from merchants.services.stock import change_stock

PER_PAGE = 50


@require_safe
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    products = product_list(request.merchant, request.GET.dict())
    page = Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
    template = "_table.html" if request.htmx and not request.htmx.boosted else "list.html"
    context = {
        "page": page,
        "categories": request.merchant.categories.all(),
        "states": STATE_LABELS,
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
    form, variants = _forms(request, product)
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
    context = {"form": form, "variants": variants, "product": product, **_stock(request, product)}
    return render(request, "merchants/product/edit.html", context, status=status)


def _forms(request: MerchantRequest, product: Product | None) -> tuple[ProductForm, VariantFormSet]:
    data = request.POST or None
    if product is None:
        first = {"state": ProductState.ON_SALE.value}
        form = ProductForm(data, initial=first)
        rows: list[dict[str, object]] = []
    else:
        form = ProductForm(data, initial=ProductForm.of(product))
        names = ("id", "name", "sku", "barcode", "price", "compare_at", "low_stock")
        rows = list(product.variants.values(*names))
    variants = VariantFormSet(
        data, prefix="variants", initial=rows, form_kwargs={"merchant": request.merchant}
    )
    return form, variants


def _save(
    request: MerchantRequest, product: Product | None, form: ProductForm, variants: VariantFormSet
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


def _stock(request: MerchantRequest, product: Product | None) -> dict[str, object]:
    if product is None:
        return {}
    movements = StockMovement.objects.filter(stock__variant__product=product)
    return {
        "photos": product.photos.all(),
        "photo_form": PhotoForm(),
        "stock_form": StockForm(merchant=request.merchant),
        "rows": product.variants.prefetch_related("stock__store"),
        "movements": movements.select_related("stock__variant", "stock__store", "by")[:30],
    }


@require_POST
@merchant_view(Role.CLERK)
def stock(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    form = StockForm(request.POST, merchant=request.merchant)
    if not form.is_valid() or form.cleaned_data["variant"].product_id != found.pk:
        messages.error(request, _("Choose a quantity between 1 and 1,000,000."))
        return redirect("merchants:product_edit", request.merchant.slug, product)
    try:
        change_stock(
            variant=form.cleaned_data["variant"],
            store=form.cleaned_data["store"],
            delta=form.delta(),
            reason=Reason(form.cleaned_data["reason"]),
            by=request.user,
        )
        messages.success(request, _("Saved"))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:product_edit", request.merchant.slug, product)


@require_POST
@merchant_view(Role.CLERK)
def photo_add(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    for file in request.FILES.getlist("file")[:9]:
        try:
            add_photo(product=found, file=file, size=file.size or 0)
        except RuleBroken as refusal:
            messages.error(request, f"{file.name}: {refusal}")
    return redirect("merchants:product_edit", request.merchant.slug, product)


@require_POST
@merchant_view(Role.CLERK)
def photo_remove(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    remove_photo(photo=get_object_or_404(found.photos, pk=photo))
    return redirect("merchants:product_edit", request.merchant.slug, product)
