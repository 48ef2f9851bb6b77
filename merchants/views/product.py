"""The inventory pages."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

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
from merchants.resent import answer_before, once_per_form
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.selectors.product import product_counts, product_list, variants_with_stock
from merchants.services.photo import Picture, develop, keep_photo, remove_photo
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
    refused: list[str] = []
    status = 200
    if request.method == "POST":
        status = 422
        if not (form.is_valid() and variants.is_valid()):
            if known := answer_before(request, scope="product"):
                return redirect("merchants:product_edit", request.merchant.slug, known)
        else:
            pictures, refused = _developed(request)
            try:
                if not refused:
                    return _saved(request, product, form, variants, pictures)
            except StaleVersion as refusal:
                form.add_error(None, str(refusal))
                status = 409
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
    return _page(request, product, form, variants, refused=refused, status=status)


def _saved(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
    pictures: list[Picture],
) -> HttpResponse:
    typed = [row for row in variants.forms if row.has_changed() or row.initial]

    def save() -> str:
        saved = save_product(
            merchant=request.merchant,
            product=product,
            version=form.cleaned_data["version"],
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            category=form.category_of(request.merchant),
            state=ProductState(form.cleaned_data["state"]),
            variants=[row.data_of() for row in typed if not row.cleaned_data["gone"]],
            gone=[row.cleaned_data["id"] for row in typed if row.cleaned_data["gone"]],
            by=request.user,
        )
        for picture in pictures:
            keep_photo(product=saved, picture=picture)
        return saved.public_id

    public_id = once_per_form(request, scope="product", act=save)
    messages.success(request, _("Saved"))
    return redirect("merchants:product_edit", request.merchant.slug, public_id)


def _developed(request: MerchantRequest) -> tuple[list[Picture], list[str]]:
    """The uploads as pictures, and a sentence for each that is none."""
    pictures, refused = [], []
    for file in request.FILES.getlist("file")[:MOST_PHOTOS]:
        try:
            pictures.append(develop(file=cast(BinaryIO, file), size=file.size or 0))
        except RuleBroken as refusal:
            refused.append(f"{file.name}: {refusal}")
    return pictures, refused


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
    context: dict[str, Any] = {
        "form": form,
        "variants": variants,
        "product": product,
        "categories": request.merchant.categories.all(),
        "stale": status == 409,
        "photo_form": PhotoForm(),
        "refused": refused or [],
    }
    if product is not None:
        context |= _photos(product, refused) | _stock(product, stock_form)
    return render(request, "merchants/product/edit.html", context, status=status)


def _photos(product: Product, refused: list[str] | None = None) -> dict[str, Any]:
    """What `_photos.html` needs."""
    return {
        "product": product,
        "photos": product.photos.all(),
        "photo_form": PhotoForm(),
        "refused": refused or [],
    }


def _stock(product: Product, form: StockForm | None = None) -> dict[str, Any]:
    """What `_stock.html` needs."""
    movements = StockMovement.objects.filter(stock__variant__product=product)
    return {
        "product": product,
        "stock_form": form or StockForm(product=product),
        "rows": variants_with_stock(product).prefetch_related("stock__store"),
        "movements": movements.select_related("stock__variant", "stock__store", "by")[:30],
    }


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


@require_POST
@merchant_view(Role.CLERK)
def stock(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    form = StockForm(request.POST, product=found)
    if form.is_valid():
        try:
            once_per_form(request, scope="stock", act=lambda: _move(request, form))
        except RuleBroken as refusal:
            form.add_error("quantity", str(refusal))
        else:
            return _done(request, found, "stock", _stock(found), _("Saved"))
    if request.htmx:
        return render(request, "merchants/product/_stock.html", _stock(found, form), status=422)
    return _page(request, found, *_blank(request, found), stock_form=form, status=422)


def _move(request: MerchantRequest, form: StockForm) -> int:
    stock = change_stock(
        variant=form.cleaned_data["variant"],
        store=form.cleaned_data["store"],
        delta=form.delta(),
        reason=Reason(form.cleaned_data["reason"]),
        by=request.user,
    )
    return stock.pk


@require_POST
@merchant_view(Role.CLERK)
def photo_add(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    pictures, refused = _developed(request)
    if not pictures and not refused:
        refused = [_("Choose at least one photo.")]

    def keep() -> list[int]:
        return [keep_photo(product=found, picture=picture).pk for picture in pictures]

    once_per_form(request, scope="photos", act=keep)
    if not refused:
        return _done(request, found, "photos", _photos(found), _("Saved"))
    if request.htmx:
        context = _photos(found, refused)
        return render(request, "merchants/product/_photos.html", context, status=422)
    return _page(request, found, *_blank(request, found), refused=refused, status=422)


@require_POST
@merchant_view(Role.CLERK)
def photo_remove(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    remove_photo(photo=get_object_or_404(found.photos, pk=photo))
    return _done(request, found, "photos", _photos(found), _("Removed"))


def _done(
    request: MerchantRequest, product: Product, part: str, context: dict[str, Any], said: str
) -> HttpResponse:
    """Only the part that changed, so that what is typed in the rest of the page stays; without
    a script, back to that part."""
    if request.htmx:
        answer = render(request, f"merchants/product/_{part}.html", context)
        return trigger_client_event(answer, "toast", {"text": said})
    messages.success(request, said)
    address = reverse("merchants:product_edit", args=[request.merchant.slug, product.public_id])
    return redirect(f"{address}#{part}")
