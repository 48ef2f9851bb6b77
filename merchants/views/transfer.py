"""Goods on their way from one store to another: scanned into a list, moved at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.stock import TransferForm, WholeField
from merchants.models import Variant
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.search import key_of
from merchants.selectors.stock import find_variant, found_goods, with_store
from merchants.services.transfer import transfer_stock

LONGEST = 60
MOST = 200  # kinds of goods in one go


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def transfer(request: MerchantRequest) -> HttpResponse:
    """The list lives in the form itself: `n-<variant>` is how many. Only `go` moves anything."""
    if request.method == "GET":
        return _page(request, TransferForm(stores=request.stores), {})
    form = TransferForm(request.POST, stores=request.stores)
    typed = _typed(request)
    if "go" not in request.POST:
        return _added(request, form, typed)
    pieces, troubles = _pieces(request, typed)
    if form.is_valid() and pieces and not troubles:
        try:
            once_per_form(request, scope="transfer", act=lambda: _move(request, form, pieces))
        except RuleBroken as refusal:
            troubles[refusal.details.get("variant", 0)] = str(refusal)
        else:
            said = _("Moved: %(count)s pieces")
            messages.success(request, said % {"count": sum(pieces.values())})
            return redirect("merchants:transfer", request.merchant.slug)
    return _page(request, form, typed, troubles=troubles, status=422)


def _move(request: MerchantRequest, form: TransferForm, pieces: dict[Variant, int]) -> str:
    data = form.cleaned_data
    return transfer_stock(
        pieces=pieces, source=data["source"], target=data["target"], by=request.user
    )


def _typed(request: MerchantRequest) -> dict[int, str]:
    """{variant id: what stands in its field}, in the order of the page."""
    names = [name for name in request.POST if name.startswith("n-") and key_of(name[2:])]
    return {key_of(name[2:]): request.POST[name][:12] for name in names[:MOST]}


def _pieces(
    request: MerchantRequest, typed: dict[int, str]
) -> tuple[dict[Variant, int], dict[Any, str]]:
    """What is to be moved, and {variant id: what is wrong with its number}. Zero leaves it out."""
    pieces: dict[Variant, int] = {}
    troubles: dict[Any, str] = {}
    number = WholeField(least=0)
    for variant in request.merchant.variants.select_related("product").filter(pk__in=typed):
        try:
            count = number.clean(typed[variant.pk])
        except forms.ValidationError as trouble:
            troubles[variant.pk] = " ".join(trouble.messages)
        else:
            pieces |= {variant: count} if count else {}
    if not pieces and not troubles:
        troubles[0] = _("Scan the goods first: the list is empty.")
    return pieces, troubles


def _added(request: MerchantRequest, form: TransferForm, typed: dict[int, str]) -> HttpResponse:
    """One more of what was scanned, or of the goods that a button names."""
    code = request.POST.get("code", "").strip()[:LONGEST]
    variant = find_variant(request.merchant, code)
    named = request.POST.get("add", "")
    if named:
        variant = request.merchant.variants.filter(pk=key_of(named)).first()
    if variant is None:
        return _page(request, form, typed, words=code, unknown=bool(code), status=422)
    before = typed.pop(variant.pk, "0")
    plain = before.strip()
    typed = {variant.pk: str(int(plain) + 1) if plain.isdecimal() else before} | typed
    return _page(request, form, typed)


def _page(
    request: MerchantRequest,
    form: TransferForm,
    typed: dict[int, str],
    *,
    status: int = 200,
    troubles: dict[Any, str] | None = None,
    **said: Any,
) -> HttpResponse:
    source = form.source_of()
    rows = with_store(request.merchant.variants.select_related("product"), source).in_bulk(typed)
    lines = [(rows[pk], typed[pk], (troubles or {}).get(pk, "")) for pk in typed if pk in rows]
    context = {
        "form": form,
        "lines": lines,
        "trouble": (troubles or {}).get(0, ""),
        "stores": request.stores,
        "goods": found_goods(request.merchant, said.get("words", ""), source),
        "typed": said.get("words", ""),
        "source": source,
        **said,
    }
    part = request.htmx and not request.htmx.boosted
    name = "_list.html" if part else "transfer.html"
    return render(request, f"merchants/stock/{name}", context, status=status)
