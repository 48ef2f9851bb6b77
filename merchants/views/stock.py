"""Pieces that come and go, booked by hand."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.stock import StockForm
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from merchants.views.product import forms_as_saved, part_saved, product_page, stock_part


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
            return part_saved(request, found, "stock", stock_part(found), _("Saved"))
    if request.htmx:
        return render(request, "merchants/product/_stock.html", stock_part(found, form), status=422)
    return product_page(
        request, found, *forms_as_saved(request, found), stock_form=form, status=422
    )


def _move(request: MerchantRequest, form: StockForm) -> int:
    stock = change_stock(
        variant=form.cleaned_data["variant"],
        store=form.cleaned_data["store"],
        delta=form.delta(),
        reason=Reason(form.cleaned_data["reason"]),
        by=request.user,
    )
    return stock.pk
