"""What holds between a shop and whoever runs this server: terms and privacy, in plain words."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from merchants.rules.consent import Document


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return _page(request, Document.TERMS)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _page(request, Document.PRIVACY)


def _page(request: HttpRequest, document: Document) -> HttpResponse:
    version = settings.LEGAL_VERSIONS[document.value]
    return render(request, f"merchants/platform/{document.value}.html", {"version": version})
