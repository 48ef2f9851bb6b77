"""Goods on their way from one store to another: scanned into a list, moved at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.stock import TransferForm
from merchants.forms.whole import WholeField
from merchants.models import Variant
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.rules.search import code_or_words, key_of
from merchants.selectors.stock import find_variant, found_goods, with_store
from merchants.services.transfer import TransferRefused, transfer_stock

LONGEST = 60
MOST = 200  # kinds of goods in one go
NUMBER = WholeField(least=0)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def transfer(request: MerchantRequest) -> HttpResponse:
    """The list lives in the form: `n-<variant>` is how many. Only `go` moves anything.

    A copy of it is kept for whoever loads the page again.
    """
    sent = request.POST if request.method == "POST" else _kept(request) | _way(request.GET)
    typed = {} if "clear" in request.POST else _typed(sent)
    if "go" in request.POST:
        return _gone(request, TransferForm(sent, stores=request.stores), typed)
    form = TransferForm(stores=request.stores, initial=_way(sent))
    _keep(request, sent, typed)
    if request.method == "POST" and "clear" not in request.POST:
        return _added(request, form, typed)
    return _page(request, form, typed)


def _gone(request: MerchantRequest, form: TransferForm, typed: dict[int, str]) -> HttpResponse:
    pieces, troubles = _pieces(request, typed)
    if form.is_valid() and pieces and not troubles:
        try:
            once_per_form(request, scope="transfer", act=lambda: _move(request, form, pieces))
        except TransferRefused as refusal:
            troubles[refusal.variant] = refusal.why
        except RuleBroken as refusal:
            troubles[0] = str(refusal)
        else:
            return _moved(request, form, sum(pieces.values()))
    return _page(request, form, typed, troubles=troubles, status=422)


def _moved(request: MerchantRequest, form: TransferForm, count: int) -> HttpResponse:
    """An empty box for the same way: what was scanned meanwhile goes into it."""
    _keep(request, request.POST, {})
    facts = {"store": form.cleaned_data["target"], "count": count}
    said = _("Pieces moved to %(store)s: %(count)s") % facts
    if request.htmx:
        fresh = TransferForm(stores=request.stores, initial=_way(request.POST))
        return trigger_client_event(_page(request, fresh, {}), "toast", {"text": said})
    messages.success(request, said)
    return redirect("merchants:transfer", request.merchant.slug)


def _move(request: MerchantRequest, form: TransferForm, pieces: dict[Variant, int]) -> str:
    data = form.cleaned_data
    return transfer_stock(
        pieces=pieces, source=data["source"], target=data["target"], by=request.user
    )


def _kept(request: MerchantRequest) -> dict[str, str]:
    """The box as she left it, as its form would send it."""
    return dict(request.session.get("box", {}).get(request.merchant.slug, {}))


def _keep(request: MerchantRequest, sent: Mapping[str, str], typed: dict[int, str]) -> None:
    box = _way(sent) | {f"n-{pk}": text for pk, text in typed.items()}
    request.session["box"] = request.session.get("box", {}) | {request.merchant.slug: box}


def _way(sent: Mapping[str, str]) -> dict[str, str]:
    """From where to where, as far as it was chosen."""
    return {name: sent[name][:20] for name in ("source", "target") if name in sent}


def _typed(sent: Mapping[str, str]) -> dict[int, str]:
    """{variant id: what stands in its field}, in the order of the page."""
    names = [name for name in sent if name.startswith("n-") and key_of(name[2:])]
    return {key_of(name[2:]): sent[name][:12] for name in names[:MOST]}


def _pieces(
    request: MerchantRequest, typed: dict[int, str]
) -> tuple[dict[Variant, int], dict[Any, str]]:
    """What is to be moved, and {variant id: what is wrong with its number}. Zero leaves it out."""
    pieces: dict[Variant, int] = {}
    troubles: dict[Any, str] = {}
    for variant in request.merchant.variants.select_related("product").filter(pk__in=typed):
        try:
            count = NUMBER.clean(typed[variant.pk])
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
        status = 422 if code or named else 200
        unknown = code and code_or_words(code)
        return _page(request, form, typed, status=status, words=code, unknown=unknown)
    if len(typed) >= MOST and variant.pk not in typed:
        full = _("The box is full. Move what is in it, then go on.")
        return _page(request, form, typed, troubles={0: full}, status=422)
    before = typed.pop(variant.pk, "") or "0"
    try:
        typed = {variant.pk: str(NUMBER.clean(before) + 1)} | typed
    except forms.ValidationError as trouble:
        wrong_number = {variant.pk: " ".join(trouble.messages)}
        typed = {variant.pk: before} | typed
        return _page(request, form, typed, troubles=wrong_number, status=422)
    _keep(request, request.POST, typed)
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
