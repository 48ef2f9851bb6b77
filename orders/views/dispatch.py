"""Many orders are shipped by a sheet: bring it, look at what it would do, ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO, cast
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from merchants.services.sheet import write_csv
from orders.forms.dispatch import DispatchForm, RowsForm, written
from orders.models.shipment import CARRIER_LABELS
from orders.rules.dispatch import MOST_ROWS
from orders.selectors.dispatch import Judged, Verdict, judge
from orders.selectors.dispatch_sheet import to_fill, to_mend
from orders.services.dispatch import dispatch, read_sheet

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST = {Verdict.BAD: 0, Verdict.SHIPPED: 1, Verdict.GOOD: 1, Verdict.SAME: 2}


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    """GET: how it goes. POST: the sheet, and what it would do; nothing is shipped yet."""
    form = DispatchForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            sheet = read_sheet(cast(BinaryIO, form.cleaned_data["file"]))
        except RuleBroken as refusal:
            form.add_error("file", str(refusal))
        else:
            return _judged(request, judge(request.staff, sheet))
    return _begin(request, form)


@require_POST
@merchant_view(Role.CLERK)
def apply(request: MerchantRequest) -> HttpResponse:
    """Ship the good rows. Sent again, it ships nothing again and says so."""
    form = RowsForm(request.POST)
    if not form.is_valid():
        return _again(request)
    sheet = form.cleaned_data["rows"]
    return _judged(request, dispatch(staff=request.staff, sheet=sheet, by=request.user), done=True)


@require_POST
@merchant_view(Role.CLERK)
def bad(request: MerchantRequest) -> HttpResponse:
    """A CSV of only the bad rows, each with its reason."""
    form = RowsForm(request.POST)
    if not form.is_valid():
        return _again(request)
    found = judge(request.staff, form.cleaned_data["rows"])
    body = "".join(write_csv(to_mend(found))).encode()
    name = f"{_('to mend')}-{timezone.localdate():%Y-%m-%d}.csv"
    return _attachment(body, name, "text/csv; charset=utf-8")


@require_safe
@merchant_view(Role.CLERK)
def template(request: MerchantRequest) -> HttpResponse:
    """A sheet of the orders that wait, to be filled in."""
    name = f"{_('To ship')}-{timezone.localdate():%Y-%m-%d}.xlsx"
    return _attachment(to_fill(request.staff), name, SHEET)


def _begin(request: MerchantRequest, form: DispatchForm) -> HttpResponse:
    context = {"form": form, "most": MOST_ROWS, "carriers": CARRIER_LABELS.values()}
    status = 422 if form.errors else 200
    return render(request, "orders/dispatch/begin.html", context, status=status)


def _again(request: MerchantRequest) -> HttpResponse:
    form = DispatchForm({})
    form.add_error("file", _("Bring the sheet again."))
    return _begin(request, form)


def _judged(
    request: MerchantRequest, found: Sequence[Judged], *, done: bool = False
) -> HttpResponse:
    counts = Counter(one.verdict for one in found)
    context = {
        "rows": sorted(found, key=lambda one: (FIRST[one.verdict], one.row.number)),
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "total": len(found),
        "again": written([one.row for one in found]),
        "done": done,
    }
    return render(request, "orders/dispatch/page.html", context)


def _attachment(body: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
