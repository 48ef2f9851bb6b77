"""Handing a room on: the sheet with link, code and poster, and the poster itself."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.selectors.room import Card, shelf
from livestream.selectors.share import MARK, mark_of, shareable, sharer
from livestream.services.poster import Poster, font_path, poster
from livestream.views.watch import room_at, sheet_or_page
from merchants.errors import RuleBroken
from merchants.models import Staff
from merchants.rules.qr import square
from merchants.templatetags.guitai import moment, money_plain_short


@require_safe
def sheet(request: HttpRequest, room: str) -> HttpResponse:
    """Link, code, the phone's own share sheet, and the poster; with `item` of one of its goods."""
    found = room_at(room)
    context: dict[str, Any] = {"room": found, "merchant": found.merchant}
    item = request.GET.get("item", "")
    card = _card(found, item) if item else None
    wanted = card.item.pk if card else None
    context["card"] = card
    context["share"] = square(_absolute(request, found, wanted))
    if font_path():
        query = f"?item={wanted}" if wanted else ""
        context["poster"] = reverse("watch:poster", args=[room]) + query
    return sheet_or_page(request, "livestream/share/_sheet.html", context)


@require_safe
def picture(request: HttpRequest, room: str) -> HttpResponse:
    """The poster of the room; with `item` of one of its goods; with `c` a colleague's own."""
    found = room_at(room)
    item = request.GET.get("item", "")
    card = _card(found, item) if item else None
    staff = sharer(found.merchant, request.GET.get(MARK, ""))
    try:
        made = poster(facts=_facts(request, found, card, staff))
    except RuleBroken as refusal:
        context = {"room": found, "refusal": str(refusal)}
        return render(request, "livestream/share/no_poster.html", context, status=refusal.status)
    answer = HttpResponse(made, content_type="image/png")
    answer["Content-Disposition"] = f'inline; filename="{found.public_id}.png"'
    patch_cache_control(answer, private=True, max_age=60)
    return answer


def own_poster(room: Room, staff: Staff) -> dict[str, str]:
    """For the share window of the dashboard: her poster, or why there is none."""
    if not shareable(room):
        return {}
    if font_path() is None:
        return {"poster_trouble": _("Posters need a font with Chinese letters: set POSTER_FONT.")}
    address = reverse("watch:poster", args=[room.public_id])
    return {"poster": f"{address}?{MARK}={mark_of(staff)}"}


def _card(room: Room, item: str) -> Card:
    wanted = int(item) if item.isdecimal() and len(item) < 19 else 0
    get_object_or_404(room.items, pk=wanted)
    card = next((card for card in shelf(room) if card.item.pk == wanted), None)
    if card is None:
        raise Http404
    return card


def _absolute(request: HttpRequest, room: Room, item: int | None = None, mark: str = "") -> str:
    path = reverse("watch:product", args=[room.public_id, item]) if item else ""
    path = path or reverse("watch:room", args=[room.public_id])
    return request.build_absolute_uri(f"{path}?{MARK}={mark}" if mark else path)


def _facts(request: HttpRequest, room: Room, card: Card | None, staff: Staff | None) -> Poster:
    """The words of the poster, in the language of who asks for it."""
    currency = room.merchant.currency
    mark = mark_of(staff) if staff else ""
    who = staff.host_name if staff else ""
    picture = room.cover.name
    if card is not None:
        picture = card.photo.image.name if card.photo else ""
    return Poster(
        shop=room.merchant.name,
        title=card.product.name if card else room.title,
        line=room.title if card else _when(room),
        now=str(money_plain_short(card.price, currency)) if card else _on_air(room),
        lamp=card is None or card.is_deal,
        picture=picture or "",
        address=_absolute(request, room, card.item.pk if card else None, mark),
        invitation=_("%(name)s invites you: scan and watch") % {"name": who}
        if who
        else _("Scan and watch"),
    )


def _on_air(room: Room) -> str:
    return _("On air now") if room.is_on_air else ""


def _when(room: Room) -> str:
    if room.is_on_air:
        return _("Hosted by %(name)s") % {"name": room.host_name}
    if room.shown_state == RoomState.SCHEDULED:
        return _("Begins %(when)s") % {"when": moment(room.starts_at)}
    return _("Watch it again whenever you like")
