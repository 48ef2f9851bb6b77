"""The inventory pages."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken, StaleVersion
from merchants.forms.difference import (
    NUMBERS,
    Conflict,
    after_conflict,
    chosen,
    conflict_of,
    seen_by,
)
from merchants.forms.product import (
    BaseVariantFormSet,
    PhotoForm,
    ProductForm,
    VariantFormSet,
    built_of,
)
from merchants.forms.variants import (
    PREFIX,
    Table,
    build,
    is_built,
    typed_rows,
    values_by_name,
    with_table,
)
from merchants.models import Photo, Product
from merchants.resent import answer_before, once_per_form
from merchants.rules.picture import PhotoState
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.selectors.product import variants_with_stock
from merchants.services.photo_ahead import take_up
from merchants.services.product import VariantData, save_product
from merchants.views.picture import Arrived, arrived, asked_ahead, kept_ahead


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def create(request: MerchantRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def edit(request: MerchantRequest, product: str) -> HttpResponse:
    return _edit(request, get_object_or_404(request.merchant.products, public_id=product))


def _edit(request: MerchantRequest, product: Product | None) -> HttpResponse:
    if request.method == "POST":
        return _posted(request, product)
    return product_page(request, product, *_forms(request, product, None))


def _posted(request: MerchantRequest, product: Product | None) -> HttpResponse:
    data = chosen(request.POST, product) if product and "version" in request.POST else request.POST
    form, variants = _forms(request, product, data)
    building = request.POST.get("act") == "build"
    if form.options_valid and not is_built(form):
        table = build(form, data, product)
        if table.gone or building:
            return _built(request, product, form, table)
        form, variants = _forms(request, product, with_table(data, table, form))
    elif building:
        variants = _rows(request, typed_rows(data))
        return product_page(
            request, product, form, variants, status=200 if form.is_valid() else 422
        )
    if not (form.is_valid() and variants.is_valid()):
        if known := answer_before(request, scope="product"):
            return redirect("merchants:product_edit", request.merchant.slug, known)
        return product_page(request, product, form, variants, status=422)
    return _to_be_saved(request, product, form, variants)


def _to_be_saved(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
) -> HttpResponse:
    """What was typed is right in itself: save it, unless a photo or the shop says no."""
    came = arrived(request)
    if came.refused:
        return product_page(request, product, form, variants, came=came, status=422)
    try:
        return _saved(request, product, form, variants, came)
    except StaleVersion as refusal:
        return _conflict(request, product, form, variants, refusal)
    except RuleBroken as refusal:
        form.add_error(None, str(refusal))
        return product_page(request, product, form, variants, came=came, status=422)


def _built(
    request: MerchantRequest, product: Product | None, form: ProductForm, table: Table
) -> HttpResponse:
    """The table that the options make, to be looked at before it is saved."""
    form.data = {name: form.data.get(name) for name in form.fields} | {
        "built": built_of(form.options())
    }
    variants = _rows(request, table.rows)
    status = 200 if request.POST.get("act") == "build" else 422
    return product_page(request, product, form, variants, table=table, status=status)


def _conflict(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
    refusal: StaleVersion,
) -> HttpResponse:
    """Somebody else was first: her words beside what was typed, field by field."""
    if product is None:
        raise refusal
    product.refresh_from_db()
    found = conflict_of(product, form, variants)
    shown, rows = _forms(request, product, after_conflict(cast(QueryDict, form.data), product))
    shown.is_valid()
    shown.add_error(None, str(refusal))
    return product_page(request, product, shown, rows, conflict=found, status=409)


def _saved(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
    came: Arrived,
) -> HttpResponse:
    kept, gone = _rows_typed(form, variants)

    def save() -> str:
        saved = save_product(
            merchant=request.merchant,
            product=product,
            version=form.cleaned_data["version"],
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            category=form.category_of(request.merchant),
            state=ProductState(form.cleaned_data["state"]),
            options=form.options(),
            variants=kept,
            gone=gone,
            by=request.user,
            store=variants.store,
        )
        if product is None:
            take_up(product=saved, by=request.user, photos=asked_ahead(request))
        came.keep(saved)
        return saved.public_id

    public_id = once_per_form(request, scope="product", act=save)
    messages.success(request, _("Saved"))
    return redirect("merchants:product_edit", request.merchant.slug, public_id)


def _rows_typed(
    form: ProductForm, variants: BaseVariantFormSet
) -> tuple[list[VariantData], list[int]]:
    """The variants as they shall be, each with its values, and the ids of those to take out."""
    values = values_by_name(form.options())
    typed = [row for row in variants.forms if row.has_changed() or row.initial]
    kept = [
        row.data_of(values.get(row.cleaned_data["name"].casefold(), ()))
        for row in typed
        if not row.cleaned_data["gone"]
    ]
    return kept, [row.cleaned_data["id"] for row in typed if row.cleaned_data["gone"]]


def product_page(
    request: MerchantRequest,
    product: Product | None,
    form: ProductForm,
    variants: BaseVariantFormSet,
    *,
    refused: list[str] | None = None,
    table: Table | None = None,
    conflict: Conflict | None = None,
    came: Arrived | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; of one that is not there yet, with the photos that were chosen for it so far."""
    context: dict[str, Any] = {
        "form": form,
        "variants": variants,
        "product": product,
        "categories": request.merchant.categories.all(),
        "table": table,
        "conflict": conflict,
        "seen": seen_by(product) if product else "",
        "photo_form": PhotoForm(),
        "refused": refused or [],
    }
    if product is not None:
        context |= photos_part(product, refused)
        context["rows"] = variants_with_stock(product).prefetch_related("stock__store")
    elif request.method == "POST":
        context |= kept_ahead(request, came or arrived(request))
    return render(request, "merchants/product/edit.html", context, status=status)


def photos_part(product: Product, refused: list[str] | None = None) -> dict[str, Any]:
    """What `photos_part.html` needs."""
    whole = list(Photo.whole.filter(product=product))
    return {
        "product": product,
        "photos": whole,
        "of": [photo.pk for photo in whole if photo.state == PhotoState.WAITING],
        "done": [],
        "photo_form": PhotoForm(),
        "refused": refused or [],
    }


def _forms(
    request: MerchantRequest, product: Product | None, data: QueryDict | None
) -> tuple[ProductForm, BaseVariantFormSet]:
    rows: list[dict[str, object]] = []
    if product is None:
        form = ProductForm(data, initial={"state": ProductState.ON_SALE.value})
    else:
        form = ProductForm(data, initial=ProductForm.of(product))
        names = ("id", *NUMBERS)
        rows = list(product.variants.values(*names))
    variants = VariantFormSet(
        data,
        prefix=PREFIX,
        initial=rows,
        merchant=request.merchant,
        store=request.stores.first(),
    )
    return form, variants


def _rows(request: MerchantRequest, rows: list[dict[str, str]]) -> BaseVariantFormSet:
    """Rows as typed, not judged yet."""
    return VariantFormSet(prefix=PREFIX, initial=rows, merchant=request.merchant)


def forms_as_saved(
    request: MerchantRequest, product: Product
) -> tuple[ProductForm, BaseVariantFormSet]:
    """The forms as saved, beside another form of the page that came back."""
    return _forms(request, product, None)


def part_saved(
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
