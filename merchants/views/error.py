"""Pages for what went wrong outside any view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open for too long, or came from elsewhere: try once more."""
    return render(request, "403_csrf.html", status=403)
