"""The helper's page: chat and shelf on a colleague's own phone."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from livestream.selectors.chat import seen_by_staff
from livestream.selectors.rehearsal import scene_of
from livestream.selectors.room import shelf_mark, staffed_shelf
from livestream.views.rehearsal import inbox_of
from livestream.views.talk import inbox_context
from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role


@require_safe
@ensure_csrf_cookie
@merchant_view(Role.CLERK)
def page(request: MerchantRequest, room: str) -> HttpResponse:
    rooms = request.merchant.rooms.select_related("merchant", "host")
    found = get_object_or_404(rooms, public_id=room)
    scene = scene_of(found, timezone.now())
    cards = scene.cards if scene else staffed_shelf(found)
    context = inbox_context(request, found) | {
        "scene": scene,
        "cards": cards,
        "shelf_mark": shelf_mark(found, cards),
        "chat": seen_by_staff(found.pk, 60),
        "quick_replies": found.merchant.quick_replies.all(),
    }
    if scene:
        context |= inbox_of(scene)
    return render(request, "livestream/helper/page.html", context)
