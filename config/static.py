"""Static files ahead of Django: a page has dozens, and each through Django costs milliseconds.

Under DEBUG they are read where they lie, so that an edit shows at the next reload; in production
from STATIC_ROOT, with names that carry the hash of their content and may be kept for ever.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder
from servestatic.asgi import ServeStaticASGI


def static_files() -> ServeStaticASGI:
    """The ASGI application behind STATIC_URL; what it does not know is 404."""
    served = ServeStaticASGI(
        None,
        autorefresh=settings.DEBUG,
        max_age=0 if settings.DEBUG else 3600,
        allow_all_origins=False,
        add_headers_function=_headers,
    )
    if not settings.DEBUG:
        served.add_files(settings.STATIC_ROOT, prefix=settings.STATIC_URL)
        return served
    for storage in AppDirectoriesFinder().storages.values():
        served.add_files(storage.location, prefix=settings.STATIC_URL)
    for entry in settings.STATICFILES_DIRS:
        inside, root = entry if isinstance(entry, tuple) else ("", entry)
        served.add_files(Path(root), prefix=f"{settings.STATIC_URL}{inside}")
    return served


def _headers(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if "/js/worker." in url:  # its name carries a hash in production
        headers["Service-Worker-Allowed"] = "/"
