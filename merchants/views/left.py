"""The number of pieces in a row of the goods list: put right in its place, and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.stock import LeftForm
from merchants.models import Product, StockMovement
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.selectors.product import listed
from merchants.services.correction import correct_stock, undo_correction
from merchants.views.inventory import filters_store


@require_POST
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def left(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    form = LeftForm(request.POST, stores=request.stores)
    if not form.is_valid():
        troubles = [str(one) for name in ("left", "store") for one in form.errors.get(name, [])]
        return _row(request, found, status=422, trouble=next(iter(troubles), str(RuleBroken())))
    if form.cleaned_data["left"] == form.cleaned_data["seen"]:
        return _row(request, found)
    try:
        movement = once_per_form(request, scope="left", act=lambda: _correct(request, found, form))
    except RuleBroken as refusal:
        return _row(request, found, status=refusal.status, trouble=str(refusal))
    return _row(request, found, booked=(form, movement))


def _correct(request: MerchantRequest, product: Product, form: LeftForm) -> int:
    variants = list(product.variants.all()[:2])
    if len(variants) != 1:
        raise RuleBroken(_("It has several specifications now: open it and book each of them."))
    return correct_stock(
        variant=variants[0],
        store=form.cleaned_data["store"],
        seen=form.cleaned_data["seen"],
        found=form.cleaned_data["left"],
        by=request.user,
    ).pk


def _row(
    request: MerchantRequest,
    product: Product,
    *,
    status: int = 200,
    trouble: str = "",
    booked: tuple[LeftForm, int] | None = None,
) -> HttpResponse:
    """The row as it is now; with `trouble` what was typed stays in it, and why it was refused."""
    said = _said(product, booked[0]) if booked else ""
    if not request.htmx:
        (messages.success if said else messages.error)(request, said or trouble)
        return redirect(reverse("merchants:product_list", args=[request.merchant.slug]))
    store = filters_store(request)
    row = listed(request.merchant, [product.pk], timezone.now(), store)[0]
    context: dict[str, Any] = {"product": row, "may_change": request.staff.is_manager}
    context |= {"store": store, "trouble": trouble, "typed": request.POST.get("left", "")}
    answer = render(request, "merchants/product/_row.html", context, status=status)
    if not booked:
        return answer
    keys = [request.merchant.slug, product.public_id, booked[1]]
    undo = reverse("merchants:left_undo", args=keys)
    return trigger_client_event(answer, "toast", {"text": said, "undo": undo})


def _said(product: Product, form: LeftForm) -> str:
    facts = {"name": product.name, **form.cleaned_data}
    return _("%(name)s: %(seen)s → %(left)s") % facts


@require_POST
@merchant_view(Role.CLERK)
def undo(request: MerchantRequest, product: str, movement: int) -> HttpResponse:
    """Take a correction back. Answers JSON: a button of a toast asks."""
    moves = StockMovement.objects.select_related("stock__variant", "stock__store")
    found = get_object_or_404(
        moves.filter(stock__store__in=request.stores),
        pk=movement,
        stock__variant__merchant=request.merchant,
        stock__variant__product__public_id=product,
    )
    try:
        undo_correction(movement=found, by=request.user)
    except RuleBroken as refusal:
        return JsonResponse({"sentence": str(refusal)}, status=refusal.status)
    return JsonResponse({})
