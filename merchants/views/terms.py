"""What holds between a shop and whoever runs this server: terms and privacy, in plain words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "merchants/platform/terms.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "merchants/platform/privacy.html")
