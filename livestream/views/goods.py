"""What the goods list asks of the shows: a note on what runs out, and putting goods on a shelf."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from livestream.models import Room
from livestream.selectors.goods import at_risk, open_shelves
from livestream.services.shelf import add_all_to_shelf
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.views.inventory import back_to_list, chosen_products, filters_of


@require_safe
@merchant_view(Role.CLERK)
def note(request: MerchantRequest) -> HttpResponse:
    context = at_risk(request.merchant, timezone.now())
    return render(request, "livestream/goods/_at_risk.html", context)


@require_POST
@merchant_view(Role.CLERK)
def shelve(request: MerchantRequest) -> HttpResponse:
    """Goods ticked in the list: onto the only open shelf, or onto the one chosen."""
    rooms = list(open_shelves(request.merchant))
    room = next((one for one in rooms if one.public_id == request.POST.get("room")), None)
    chosen = chosen_products(request)
    if not chosen:
        messages.error(request, _("Tick at least one product."))
        return redirect(back_to_list(request))
    if room is None and ("room" in request.POST or len(rooms) != 1):
        return _choice(request, rooms, len(chosen))
    try:
        _put(request, room or rooms[0], chosen)
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect(back_to_list(request))


def _put(request: MerchantRequest, room: Room, chosen: list[int]) -> None:
    put, left_out = once_per_form(
        request, scope="shelve", act=lambda: add_all_to_shelf(room=room, products=chosen)
    )
    said = ngettext(
        "%(count)s product is on the shelf of “%(room)s”",
        "%(count)s products are on the shelf of “%(room)s”",
        put,
    )
    text = said % {"count": put, "room": room.title}
    if left_out:
        text += " · " + ngettext(
            "%(count)s is not on sale and stayed off",
            "%(count)s are not on sale and stayed off",
            left_out,
        ) % {"count": left_out}
    (messages.success if put else messages.warning)(request, text)


def _choice(request: MerchantRequest, rooms: list[Room], count: int) -> HttpResponse:
    ticked = [] if "all" in request.POST else request.POST.getlist("products")
    context = {
        "rooms": rooms,
        "count": count,
        "ticked": ticked,
        "filters": filters_of(request),
        "back": back_to_list(request),
    }
    return render(request, "livestream/goods/shelve.html", context)
