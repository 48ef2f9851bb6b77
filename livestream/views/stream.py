"""Streaming with another app: the address and the key to type into it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from livestream.media.providers import other_provider
from livestream.models import StreamKey
from livestream.selectors.picture import app_health, taken_over_at
from livestream.services.crew import shows
from livestream.services.stream_key import issue_stream_key, revoke_stream_keys
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def stream(request: MerchantRequest, room: str) -> HttpResponse:
    """For those who show this room. A key is on the page that made it, and on no other."""
    rooms = request.merchant.rooms.select_related("merchant", "host")
    found = get_object_or_404(rooms, public_id=room)
    context: dict[str, Any] = {
        "room": found,
        "provider": other_provider(),
        "may_show": shows(found, request.staff),
    }
    status = 200
    if request.method == "GET" and request.htmx:
        health = {"room": found, "health": app_health(found), "taken": taken_over_at(found)}
        return render(request, "livestream/stream/_health.html", health)
    if request.method == "POST":
        try:
            if request.POST.get("do") == "revoke":
                revoke_stream_keys(room=found, by=request.staff)
                then = "console" if request.POST.get("then") == "console" else "stream"
                return redirect(f"livestream:{then}", request.merchant.slug, room)
            context["grant"] = issue_stream_key(room=found, by=request.staff)
        except RuleBroken as refusal:
            context["refusal"], status = str(refusal), refusal.status
    context["key"] = StreamKey.objects.in_force(timezone.now()).filter(room=found).first()
    response = render(request, "livestream/stream/page.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
