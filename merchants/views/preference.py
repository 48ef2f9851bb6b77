"""What a person likes: the light or the dark dress, keys or none. A cookie remembers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from merchants.context_processors import KEYS_COOKIE, THEME_COOKIE, THEMES
from merchants.referrer import came_from

YEAR = 365 * 24 * 60 * 60


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme for a year; an unknown one gives the choice back to the device."""
    theme = request.POST.get("theme", "")
    by_form = "text/html" in request.headers.get("Accept", "")
    answer = redirect(came_from(request)) if by_form else HttpResponse(status=204)
    if theme in THEMES:
        secure = request.is_secure()
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


@require_POST
def choose_keys(request: HttpRequest) -> HttpResponse:
    """Whether single keys act in the console (WCAG 2.1.4). They do unless she turned them off."""
    by_form = "text/html" in request.headers.get("Accept", "")
    answer = redirect(came_from(request)) if by_form else HttpResponse(status=204)
    if request.POST.get("keys") == "off":
        secure = request.is_secure()
        answer.set_cookie(KEYS_COOKIE, "off", max_age=YEAR, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(KEYS_COOKIE)
    return answer
