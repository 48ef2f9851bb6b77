"""The door of every socket: origin, language, and who is there.

Our close codes are 4000 + the HTTP status that means the same. A foreign origin is refused before
the handshake, because a browser sends its cookies along whichever page opened the socket.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.utils.translation import get_language_from_request

BAD_REQUEST = 4400
FORBIDDEN = 4403
NOT_FOUND = 4404
TOO_LARGE = 4413
TOO_MANY = 4429
TRY_AGAIN = 1013

Scope = dict[str, Any]


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header, or an empty string."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def same_origin(scope: Scope) -> bool:
    """Whether the page that opens this socket is ours: scheme, host and port all agree.

    Further full origins (a merchant's own site that embeds a room) are in CSRF_TRUSTED_ORIGINS.
    """
    origin = header(scope, b"origin").lower()
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    page = urlsplit(origin)
    domain, _ = split_domain_port(page.netloc)
    if page.scheme not in _schemes(scope) or page.netloc != header(scope, b"host").lower():
        return False
    hosts = settings.ALLOWED_HOSTS or (
        ["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else []
    )
    return validate_host(domain, hosts)


def _schemes(scope: Scope) -> set[str]:
    if settings.SESSION_COOKIE_SECURE:  # production: TLS ends here or at the proxy
        return {"https"}
    return {"https"} if scope.get("scheme") == "wss" else {"http", "https"}


def language_of(scope: Scope) -> str:
    """The language of the person behind a socket, as LocaleMiddleware finds it for her pages."""
    request = HttpRequest()
    request.COOKIES = scope.get("cookies", {})
    request.META["HTTP_ACCEPT_LANGUAGE"] = header(scope, b"accept-language")
    return get_language_from_request(request)
