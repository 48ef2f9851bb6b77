"""The rooms of the dashboard: list, make, change, shelf, schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from livestream.errors import UnderFlash
from livestream.forms.room import ItemForm, PickForm, RoomForm
from livestream.models import Room
from livestream.rules.room import NOT_BEGUN, SHELF_OPEN
from livestream.selectors.rehearsal import latest
from livestream.selectors.room import Card, shelf
from livestream.services import room as rooms
from livestream.services.crew import shows
from livestream.services.shelf import add_to_shelf, move_item, remove_item, set_item
from livestream.views.share import own_poster
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.resent import once_per_form
from merchants.rules.qr import square
from merchants.rules.role import Role
from merchants.selectors.product import shop_shelf


@require_safe
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    found = request.merchant.rooms.select_related("host", "merchant", "replay")
    found = found.annotate(shelf_size=Count("items")).order_by("-starts_at")
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    context = {"page": page, "now": timezone.now()}
    return render(request, "livestream/room/list.html", context)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def create(request: MerchantRequest) -> HttpResponse:
    first = {"host": request.staff, "starts_at": _next_quarter(timezone.localtime())}
    form = RoomForm(
        request.POST or None, request.FILES or None, initial=first, merchant=request.merchant
    )
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            return rooms.make_room(merchant=request.merchant, **form.words()).public_id

        try:
            public_id = once_per_form(request, scope="room", act=make)
        except RuleBroken as refusal:
            form.add_error("cover" if refusal.code == "bad_picture" else None, str(refusal))
        else:
            return redirect("livestream:room_shelf", request.merchant.slug, public_id)
    status = 422 if form.is_bound else 200
    return render(request, "livestream/room/edit.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def edit(request: MerchantRequest, room: str) -> HttpResponse:
    found = _room(request, room)
    if found.state not in NOT_BEGUN:
        messages.warning(request, _("A room that has begun cannot be changed."))
        return _back(request, found)
    first = {
        "title": found.title,
        "starts_at": timezone.localtime(found.starts_at),
        "host": found.host,
        "backup": found.backup,
        "assistants": found.assistants.all(),
        "visibility": found.visibility,
        "grace_minutes": found.grace_minutes,
        "pause_minutes": found.pause_minutes,
    }
    form = RoomForm(
        request.POST or None, request.FILES or None, initial=first, merchant=request.merchant
    )
    if request.method == "POST" and form.is_valid():
        try:
            rooms.change_room(room=found, by=request.staff, **form.words())
        except RuleBroken as refusal:
            form.add_error("cover" if refusal.code == "bad_picture" else None, str(refusal))
        else:
            messages.success(request, _("Saved"))
            return redirect("livestream:room_shelf", request.merchant.slug, found.public_id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "room": found}
    return render(request, "livestream/room/edit.html", context, status=status)


@require_safe
@merchant_view(Role.CLERK)
def shelf_page(request: MerchantRequest, room: str) -> HttpResponse:
    return _shelf(request, _room(request, room))


def _shelf(
    request: MerchantRequest,
    room: Room,
    *,
    status: int = 200,
    forms: Mapping[int, ItemForm] | None = None,
    saved: int | None = None,
    refusal: str = "",
) -> HttpResponse:
    """The shelf page. `forms` are those that came back with an error, by item."""
    cards = shelf(room, whole=True)
    on_it = [card.product.pk for card in cards]
    context = {
        "room": room,
        "cards": cards,
        "rows": [
            _row(card, (forms or {}).get(card.item.pk), request.merchant.currency) for card in cards
        ],
        "others": shop_shelf(request.merchant).exclude(pk__in=on_it)[:200],
        "saved": saved,
        "refusal": refusal,
        "rehearsal": latest(room),
        "may_change": room.state in SHELF_OPEN,
        "may_show": shows(room, request.staff),
        "share": square(request.build_absolute_uri(reverse("watch:room", args=[room.public_id]))),
        **own_poster(room, request.staff),
    }
    return render(request, "livestream/room/shelf.html", context, status=status)


def _row(card: Card, bound: ItemForm | None, currency: str) -> dict[str, Any]:
    item = card.item
    listed = min(variant.price for variant in card.product.variants.all())
    return {
        "card": card,
        "form": bound
        or ItemForm(initial=ItemForm.of(item), auto_id=f"%s-{item.pk}", currency=currency),
        "listed": listed,
        "idle": item.live_price is not None and item.live_price >= listed,
    }


@require_POST
@merchant_view(Role.CLERK)
def shelf_add(request: MerchantRequest, room: str) -> HttpResponse:
    found = _room(request, room)
    form = PickForm(request.POST, merchant=request.merchant)
    if not form.is_valid():
        return _shelf(
            request, found, status=422, refusal=_("Choose at least one product of this shop.")
        )

    def add() -> None:
        for product in form.cleaned_data["products"]:
            add_to_shelf(room=found, product=product)

    return _act(request, found, add)


@require_POST
@merchant_view(Role.CLERK)
def item(request: MerchantRequest, room: str, item: int) -> HttpResponse:
    """One shelf item: save its price and notes, move it, take it away."""
    found = _room(request, room)
    shown = get_object_or_404(found.items.select_related("room", "product"), pk=item)
    match request.POST.get("do"):
        case "up" | "down" as way:
            return _act(request, found, lambda: move_item(item=shown, up=way == "up"))
        case "remove":
            return _act(request, found, lambda: remove_item(item=shown))
    currency = request.merchant.currency
    form = ItemForm(request.POST, auto_id=f"%s-{shown.pk}", currency=currency)
    if not form.is_valid():
        return _shelf(request, found, status=422, forms={shown.pk: form})
    try:
        set_item(item=shown, **form.cleaned_data)
    except UnderFlash as refusal:
        form.add_error("live_price", str(refusal))
        return _shelf(request, found, status=refusal.status, forms={shown.pk: form})
    except RuleBroken as refusal:
        return _shelf(request, found, status=refusal.status, refusal=str(refusal))
    return _shelf(request, found, saved=shown.pk) if request.htmx else _back(request, found)


@require_POST
@merchant_view(Role.CLERK)
def schedule(request: MerchantRequest, room: str) -> HttpResponse:
    found = _room(request, room)

    def announce() -> None:
        rooms.schedule_room(room=found)
        messages.success(request, _("Announced. Here is the link to hand on."))

    return _act(request, found, announce)


@require_POST
@merchant_view(Role.CLERK)
def cancel(request: MerchantRequest, room: str) -> HttpResponse:
    found = _room(request, room)
    return _act(
        request,
        found,
        lambda: rooms.cancel_room(room=found, by=request.staff),
        "livestream:room_list",
    )


def _next_quarter(now: datetime) -> datetime:
    """A start that is still ahead when the form is filled in. A show may begin before its time."""
    ahead = now + timedelta(minutes=20)
    return ahead.replace(minute=ahead.minute // 15 * 15, second=0, microsecond=0)


def _room(request: MerchantRequest, public_id: str) -> Room:
    return get_object_or_404(
        request.merchant.rooms.select_related("merchant", "host"), public_id=public_id
    )


def _act(
    request: MerchantRequest, room: Room, verb: Callable[[], Any], then: str = ""
) -> HttpResponse:
    try:
        verb()
    except RuleBroken as refusal:
        return _shelf(request, room, status=refusal.status, refusal=str(refusal))
    return redirect(then, request.merchant.slug) if then else _back(request, room)


def _back(request: MerchantRequest, room: Room) -> HttpResponse:
    return redirect("livestream:room_shelf", request.merchant.slug, room.public_id)
