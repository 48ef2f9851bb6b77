"""A shopper's cart at the shop of a room, without leaving the video."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from livestream.selectors.room import live_prices
from livestream.views.watch import room_at, sheet_or_page
from merchants.device import device_of
from orders.selectors.cart import cart_of
from orders.views.cart import answer_of_add, change


@require_http_methods(["GET", "POST"])
def cart(request: HttpRequest, room: str) -> HttpResponse:
    """The same cart as the shop's page shows, at the room's prices."""
    found = room_at(room)
    refusal, status = "", 200
    if request.method == "POST":
        refusal, status = change(request, found.merchant)
        htmx = request.headers.get("HX-Request")
        if htmx and "add" in request.POST:
            return answer_of_add(request, found.merchant, refusal, status, sheet=request.path)
        if not refusal and not htmx:
            return redirect("watch:cart", found.public_id)
    context: dict[str, Any] = {
        "room": found,
        "merchant": found.merchant,
        "refusal": refusal,
        "cart": cart_of(found.merchant, device_of(request.session), live_prices(found)),
    }
    return sheet_or_page(request, "livestream/sale/_cart.html", context, status=status)
