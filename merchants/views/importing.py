"""The pages that bring a goods sheet into the shop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.importing import CellForm, ColumnsForm, SheetForm
from merchants.models import Import
from merchants.resent import once_per_form
from merchants.rules.column import Column
from merchants.rules.importing import WORKING, ImportState
from merchants.rules.role import Role
from merchants.selectors.importing import (
    bad_rows,
    columns_shown,
    kinds,
    row_list,
    shown,
    time_left,
    undoing,
)
from merchants.services.export import goods_csv, goods_xlsx
from merchants.services.import_edit import edit_cell
from merchants.services.importing import (
    apply_import,
    begin_import,
    name_columns,
    rename_columns,
    undo_import,
)
from merchants.services.sheet import write_csv

PER_PAGE = 50
STEPS = {  # which of the four steps a state stands at
    ImportState.MAPPING: 2,
    ImportState.CHECKING: 3,
    ImportState.CHECKED: 3,
    ImportState.FAILED: 2,
}


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = once_per_form(request, scope="import", act=lambda: _begin(request, form))
        except RuleBroken as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("merchants:import", request.merchant.slug, batch)
    context = {
        "form": form,
        "imports": request.merchant.imports.select_related("by")[:20],
        "step": 1,
    }
    return render(
        request, "merchants/import/list.html", context, status=422 if form.errors else 200
    )


def _begin(request: MerchantRequest, form: SheetForm) -> str:
    file = form.cleaned_data["file"]
    batch = begin_import(
        merchant=request.merchant,
        by=request.user,
        file=cast(BinaryIO, file),
        file_name=file.name,
        store=request.merchant.stores.first(),
    )
    return batch.public_id


@require_safe
@merchant_view(Role.MANAGER)
def page(request: MerchantRequest, batch: str) -> HttpResponse:
    found = _find(request, batch)
    if found.state in {ImportState.MAPPING, ImportState.FAILED} and found.file:
        return _columns_page(request, found, ColumnsForm(batch=found))
    return _page(request, found)


def _find(request: MerchantRequest, batch: str) -> Import:
    return get_object_or_404(
        request.merchant.imports.select_related("merchant", "store"), public_id=batch
    )


def _page(
    request: MerchantRequest, batch: Import, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {"batch": batch, "step": STEPS.get(ImportState(batch.state), 4), "refusal": refusal}
    context |= {"working": batch.state in WORKING, "kinds": kinds(batch)}
    context["left"] = time_left(batch, timezone.now())
    if batch.state == ImportState.DONE and batch.file:
        context["undoing"] = undoing(batch)
    return render(
        request, "merchants/import/page.html", context | _table(request, batch), status=status
    )


def _table(request: MerchantRequest, batch: Import) -> dict[str, object]:
    only, kind = request.GET.get("only", ""), request.GET.get("kind", "")
    only = only or ("" if batch.problems else "all")
    found = Paginator(row_list(batch, only=only, kind=kind), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return {
        "batch": batch,
        "only": only,
        "kind": kind,
        "page": found,
        "columns": columns_shown(batch),
        "rows": shown(batch, found),
        "editable": batch.state == ImportState.CHECKED and bool(batch.file),
    }


def _columns_page(
    request: MerchantRequest, batch: Import, form: ColumnsForm, status: int = 200
) -> HttpResponse:
    found = batch.samples or [[] for _header in batch.headers]
    fields = [form[f"c{at}"] for at in range(len(batch.headers))]
    context = {
        "batch": batch,
        "form": form,
        "pairs": list(zip(fields, found, strict=True)),
        "step": 2,
    }
    return render(request, "merchants/import/columns.html", context, status=status)


@require_POST
@merchant_view(Role.MANAGER)
def columns(request: MerchantRequest, batch: str) -> HttpResponse:
    found = _find(request, batch)
    if not found.file:
        raise Http404
    form = ColumnsForm(request.POST, batch=found)
    if form.is_valid():
        try:
            name_columns(batch=found, columns=form.columns(), store=form.store())
        except RuleBroken as refusal:
            form.add_error(None, str(refusal))
        else:
            return _at_work(request, found)
    return _columns_page(request, found, form, status=422)


def _at_work(request: MerchantRequest, batch: Import) -> HttpResponse:
    return redirect("merchants:import", request.merchant.slug, batch.public_id)


@require_POST
@merchant_view(Role.MANAGER)
def rename(request: MerchantRequest, batch: str) -> HttpResponse:
    return _act(request, batch, rename_columns)


@require_POST
@merchant_view(Role.MANAGER)
def apply(request: MerchantRequest, batch: str) -> HttpResponse:
    return _act(request, batch, apply_import)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def undo(request: MerchantRequest, batch: str) -> HttpResponse:
    """GET: the question, for who has no script. POST: have it taken out again."""
    if request.method == "POST":
        return _act(request, batch, undo_import)
    found = _find(request, batch)
    if found.state != ImportState.DONE or not found.file:
        return _at_work(request, found)
    context = {"batch": found, "undoing": undoing(found), "step": 4}
    return render(request, "merchants/import/undo.html", context)


def _act(request: MerchantRequest, batch: str, verb: Callable[..., None]) -> HttpResponse:
    found = _find(request, batch)
    try:
        verb(batch=found)
    except RuleBroken as refusal:
        found.refresh_from_db()
        return _page(request, found, refusal=str(refusal), status=refusal.status)
    return _at_work(request, found)


@require_safe
@merchant_view(Role.MANAGER)
def progress(request: MerchantRequest, batch: str) -> HttpResponse:
    """The bar of a worker at work; asks for the whole page once it is done."""
    found = _find(request, batch)
    if found.state not in WORKING:
        return HttpResponse(status=200, headers={"HX-Refresh": "true"})
    context = {"batch": found, "left": time_left(found, timezone.now())}
    return render(request, "merchants/import/_progress.html", context)


@require_safe
@merchant_view(Role.MANAGER)
def table(request: MerchantRequest, batch: str) -> HttpResponse:
    found = _find(request, batch)
    context = _table(request, found) | {"kinds": kinds(found)}
    return render(request, "merchants/import/_check.html", context)


@require_POST
@merchant_view(Role.MANAGER)
def cell(request: MerchantRequest, batch: str, row: int) -> HttpResponse:
    found = _find(request, batch)
    get_object_or_404(found.rows, number=row)
    form = CellForm(request.POST)
    refusal = "" if form.is_valid() else _("This column is not in the sheet.")
    if not refusal:
        try:
            edit_cell(
                batch=found,
                number=row,
                column=Column(form.cleaned_data["column"]),
                text=form.cleaned_data["text"],
            )
        except RuleBroken as broken:
            refusal = str(broken)
    context = _table(request, found) | {"kinds": kinds(found), "refusal": refusal}
    return render(request, "merchants/import/_check.html", context, status=422 if refusal else 200)


@require_safe
@merchant_view(Role.MANAGER)
def bad(request: MerchantRequest, batch: str) -> HttpResponse:
    """A CSV of only the bad rows, each with its reason: mend it and bring it again."""
    found = _find(request, batch)
    text = b"".join(part.encode() for part in write_csv(bad_rows(found)))
    mend = _("to mend")
    name = f"{Path(found.file_name).stem[:80]}-{mend}.csv"
    return _attachment(text, name, "text/csv; charset=utf-8")


@require_safe
@merchant_view(Role.MANAGER)
def export(request: MerchantRequest) -> HttpResponse:
    """The goods as CSV, or with `?as=xlsx` as that, with the stock of one store (`?store=`).

    Brought in again for the same store, they change nothing.
    """
    kind = "xlsx" if request.GET.get("as") == "xlsx" else "csv"
    stores = list(request.stores)
    asked = (one for one in stores if str(one.pk) == request.GET.get("store"))
    store = next(asked, stores[0] if stores else None)
    if kind == "xlsx":
        body: bytes = goods_xlsx(request.merchant, store)
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        body = "".join(goods_csv(request.merchant, store)).encode()
        content_type = "text/csv; charset=utf-8"
    place = f"-{store.name}" if store and len(stores) > 1 else ""
    name = f"{request.merchant.name}{place}-{timezone.localdate():%Y-%m-%d}.{kind}"
    return _attachment(body, name, content_type)


def _attachment(body: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
