"""Headers that Django has no setting for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

QUIET = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
CONSOLE = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"


def permissions_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Camera and microphone are open to the live console and to no other page (P29)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        console = match is not None and match.view_name == "livestream:console"
        response["Permissions-Policy"] = CONSOLE if console else QUIET
        return response

    return middleware
