"""The run sheet: shelf and plan in one sheet over the console, and what the prompter shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from livestream.forms.room import ItemForm
from livestream.models import Room, ShelfItem
from livestream.rules.room import SHELF_OPEN
from livestream.selectors.rehearsal import scene_of
from livestream.selectors.room import staffed_shelf
from livestream.selectors.runsheet import findable, plan_of, prompt, spots_of
from livestream.services.shelf import add_to_shelf, move_item, place_item, remove_item, set_item
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from merchants.rules.search import key_of
from merchants.selectors.stock import find_variant

LONGEST_CODE = 60


@require_safe
@ensure_csrf_cookie
@merchant_view(Role.CLERK)
def sheet(request: MerchantRequest, room: str) -> HttpResponse:
    """The whole run sheet: in the sheet of the console, or as a page of its own."""
    return _sheet(request, _room(request, room))


@require_safe
@merchant_view(Role.CLERK)
def find(request: MerchantRequest, room: str) -> HttpResponse:
    """Goods that match what is being typed."""
    return _place(request, _room(request, room), words=request.GET.get("code", "")[:LONGEST_CODE])


@require_POST
@merchant_view(Role.CLERK)
def add(request: MerchantRequest, room: str) -> HttpResponse:
    """Put goods on the shelf: a `product` that was found, or what a scanned `code` stands for."""
    found = _room(request, room)
    words = request.POST.get("words", "")[:LONGEST_CODE]
    if "product" in request.POST:
        goods = get_object_or_404(request.merchant.products, public_id=request.POST["product"])
        return _act(request, found, lambda: add_to_shelf(room=found, product=goods), words=words)
    code = request.POST.get("code", "").strip()[:LONGEST_CODE]
    variant = find_variant(request.merchant, code) if code else None
    if variant is None:
        refusal = _("No product has the code “%(code)s”.") % {"code": code} if code else ""
        return _place(request, found, words=code, refusal=refusal, status=422)
    goods = variant.product
    return _act(request, found, lambda: add_to_shelf(room=found, product=goods))


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def item(request: MerchantRequest, room: str, item: int) -> HttpResponse:
    """One item: its form, and what is done with it from the list."""
    found = _room(request, room)
    rows = found.items.select_related("room__merchant", "product")
    one = get_object_or_404(rows, pk=item)
    if request.method == "GET":
        return _item(request, one, _form(request, one))
    match request.POST.get("do"):
        case "up" | "down" as way:
            return _act(request, found, lambda: move_item(item=one, up=way == "up"))
        case "place":
            before = key_of(request.POST.get("before", "")) or None
            return _act(request, found, lambda: place_item(item=one, before=before))
        case "remove":
            return _act(request, found, lambda: remove_item(item=one), whole=True)
    return _save(request, one)


def _save(request: MerchantRequest, one: ShelfItem) -> HttpResponse:
    form = _form(request, one, bound=True)
    if not form.is_valid():
        return _item(request, one, form, status=422)
    try:
        set_item(item=one, **form.cleaned_data)
    except RuleBroken as refusal:
        form.add_error(None, str(refusal))
        return _item(request, one, form, status=refusal.status)
    if not request.htmx:
        return redirect("livestream:runsheet", request.merchant.slug, one.room.public_id)
    said = {"toast": _("Saved")}
    if request.POST.get("then") == "list":
        answer = _sheet(request, one.room)
    else:
        answer = HttpResponse(status=204)
        said |= {"sheet:close": "1"}
    answer["HX-Trigger"] = json.dumps(said)
    return answer


@require_safe
@ensure_csrf_cookie
@merchant_view(Role.CLERK)
def prompter(request: MerchantRequest, room: str) -> HttpResponse:
    """The prompter on a second phone or tablet: it follows the spotlight by itself."""
    return render(request, "livestream/prompter/page.html", _prompt(request, room))


@require_safe
@merchant_view(Role.CLERK)
def prompter_card(request: MerchantRequest, room: str) -> HttpResponse:
    """What the prompter shows now; news on its socket make it ask."""
    return render(request, "livestream/prompter/_live.html", _prompt(request, room))


def _prompt(request: MerchantRequest, public_id: str) -> dict[str, Any]:
    found = _room(request, public_id)
    scene = scene_of(found, timezone.now())
    cards, spots = (scene.cards, scene.spots) if scene else (staffed_shelf(found), spots_of(found))
    return {"room": found, "prompt": prompt(cards, spots)}


def _room(request: MerchantRequest, public_id: str) -> Room:
    rooms = request.merchant.rooms.select_related("merchant", "host")
    return get_object_or_404(rooms, public_id=public_id)


def _form(request: MerchantRequest, one: ShelfItem, *, bound: bool = False) -> ItemForm:
    return ItemForm(
        request.POST if bound else None,
        initial=ItemForm.of(one),
        auto_id="rs-%s",
        currency=request.merchant.currency,
    )


def _item(
    request: MerchantRequest, one: ShelfItem, form: ItemForm, status: int = 200
) -> HttpResponse:
    then = request.POST.get("then") or request.GET.get("then", "")
    listed = min(variant.price for variant in one.product.variants.all())
    context = {"room": one.room, "item": one, "form": form, "listed": listed, "then": then}
    return _shown(request, "livestream/runsheet/_item.html", context, status)


def _sheet(request: MerchantRequest, room: Room) -> HttpResponse:
    return _shown(request, "livestream/runsheet/_sheet.html", _context(room, ""), 200)


def _place(
    request: MerchantRequest,
    room: Room,
    *,
    words: str = "",
    refusal: str = "",
    status: int = 200,
    whole: bool = False,
) -> HttpResponse:
    """The list, or with `whole` all that the sheet holds."""
    context = _context(room, words) | {"refusal": refusal}
    inner = "_place" if request.htmx and not whole else "_sheet"
    return _shown(request, f"livestream/runsheet/{inner}.html", context, status)


def _context(room: Room, words: str) -> dict[str, Any]:
    scene = scene_of(room, timezone.now())
    cards, spots = staffed_shelf(room, whole=True), scene.spots if scene else spots_of(room)
    return {
        "room": room,
        "cards": cards,
        "plan": plan_of(room, cards, spots, timezone.now()),
        "words": words,
        "found": findable(room.merchant, words, [card.product.pk for card in cards]),
        "may_change": room.state in SHELF_OPEN,
    }


def _shown(
    request: MerchantRequest, name: str, context: dict[str, Any], status: int
) -> HttpResponse:
    """The fragment for the sheet, or a page around it."""
    if request.htmx:
        return render(request, name, context, status=status)
    return render(
        request, "livestream/runsheet/page.html", {**context, "part": name}, status=status
    )


def _act(
    request: MerchantRequest,
    room: Room,
    verb: Callable[[], Any],
    *,
    words: str = "",
    whole: bool = False,
) -> HttpResponse:
    """Do it, then answer with the list; a refusal is a sentence above it and changes nothing."""
    try:
        verb()
    except RuleBroken as refusal:
        said, status = str(refusal), refusal.status
        return _place(request, room, words=words, refusal=said, status=status, whole=whole)
    if not request.htmx:
        return redirect("livestream:runsheet", request.merchant.slug, room.public_id)
    return _place(request, room, words=words, whole=whole)
