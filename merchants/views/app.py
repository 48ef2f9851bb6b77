"""On a phone's first screen: what the app is called, its icon, and its page without a network."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from merchants.models import Merchant

PAPER, GREEN = "#FAF8F4", "#1D6547"  # --bg and --brand of tokens.css
SHORT = 12  # letters that fit under an icon


@require_safe
@vary_on_cookie
@cache_control(max_age=3600, private=True)
def manifest(request: HttpRequest, merchant: str = "") -> HttpResponse:
    """The web app manifest (W3C): of Guitai, or of one shop, with its name and picture."""
    name, start, icons = _("Guitai"), "/", _icons()
    if merchant:
        shop = get_object_or_404(Merchant, slug=merchant)
        name, start = shop.name, reverse("shop:front", args=[shop.slug])
        icons = _picture(shop) + icons
    facts = {
        "id": start,
        "name": name,
        "short_name": name[:SHORT],
        "lang": "en" if get_language() == "en" else "zh-CN",
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": icons,
    }
    return JsonResponse(facts, content_type="application/manifest+json")


def _icons() -> list[dict[str, str]]:
    icons = [{"src": static("art/mark.svg"), "sizes": "any", "type": "image/svg+xml"}]
    for size in (192, 512):
        file = static(f"art/icon-{size}.png")
        icons.append({"src": file, "sizes": f"{size}x{size}", "type": "image/png"})
    return [*icons, icons[-1] | {"src": static("art/icon-mask.png"), "purpose": "maskable"}]


def _picture(shop: Merchant) -> list[dict[str, Any]]:
    """The shop's own picture, whatever its size."""
    return [{"src": shop.logo.url, "sizes": "any"}] if shop.logo else []


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker keeps, and shows when the network is gone."""
    return render(request, "offline.html")
