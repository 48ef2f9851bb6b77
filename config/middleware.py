"""What every answer passes: headers that Django has no setting for, and pages instead of refusals
that only a developer understands."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    HttpResponseRedirect,
)
from django.urls import Resolver404, resolve
from django.views.defaults import page_not_found

QUIET = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
CONSOLE = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"
MAP = "camera=(), microphone=(), geolocation=(self), payment=(), usb=()"
SCANNER = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
SCANNED = ("merchants:counter", "merchants:stocktake", "merchants:transfer")
OPENED = dict.fromkeys(("livestream:console", "livestream:stream"), CONSOLE)
OPENED |= dict.fromkeys(SCANNED, SCANNER)
OPENED |= dict.fromkeys(("merchants:store_new", "merchants:store_edit"), MAP)


def permissions_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Camera and microphone are open to pages that send a picture, the camera to pages that read
    barcodes, the device's place to the page of a store, and nothing to any other page (P29)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        response["Permissions-Policy"] = OPENED.get(match.view_name if match else "", QUIET)
        return response

    return middleware


def page_instead_of_refusal(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Whoever opens the address of a form by hand, or reloads it, gets the page it belongs to.

    That is the nearest address above it: `…/orders/x/ship/` lies under `…/orders/x/`. Programs
    (the API, scripts that ask for JSON) keep the 405. Under DEBUG an unknown address shows our own
    page and not Django's list of addresses; what really broke keeps its traceback.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and request.method in {"GET", "HEAD"} and _reads(request):
            return HttpResponseRedirect(_above(request.path_info))
        if settings.DEBUG and isinstance(response, HttpResponseNotFound) and _reads(request):
            return page_not_found(request, Http404())
        return response

    return middleware


def _reads(request: HttpRequest) -> bool:
    """A browser that wants a page, by its own word."""
    return "text/html" in request.headers.get("Accept", "")


def _above(path: str) -> str:
    """The nearest address above this one that is any; the front door at last."""
    while path.count("/") > 2:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
