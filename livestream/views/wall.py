"""The wall screen of a show: figures and curves for the back office, during it and afterwards."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from livestream.models import Room
from livestream.selectors.wall import wall
from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role


@require_safe
@merchant_view(Role.CLERK)
def page(request: MerchantRequest, room: str) -> HttpResponse:
    """The screen, always dark: it hangs in a room whose lamps are turned to the goods."""
    context = _context(request, room) | {"theme": "dark"}
    return render(request, "livestream/wall/page.html", context)


@require_safe
@merchant_view(Role.CLERK)
def figures(request: MerchantRequest, room: str) -> HttpResponse:
    """What changes on it; news on the socket makes the page ask."""
    return render(request, "livestream/wall/_panels.html", _context(request, room) | {"oob": True})


def _context(request: MerchantRequest, public_id: str) -> dict[str, Any]:
    rooms = request.merchant.rooms.select_related("merchant", "host")
    found: Room = get_object_or_404(rooms, public_id=public_id)
    now = timezone.now()
    return {"room": found, "now": now, **wall(found, request.staff, now)}
