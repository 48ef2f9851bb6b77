"""Asking for a code once more: a minute lies between two, by the server's clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account import views
from django.http import HttpRequest, HttpResponseBase, QueryDict

from merchants.pace import wait_for_code

View = Callable[..., HttpResponseBase]


def spaced(view: View) -> View:
    """Too early, the same page comes back and says how long it is; the first code still works."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        asks = request.method == "POST" and request.POST.get("action") == "resend"
        return _too_early(request, view) if asks and wait_for_code(request) else view(request)

    return guarded


verify_phone = spaced(views.verify_phone)
verify_email = spaced(views.email_verification_sent)


def request_login_code(request: HttpRequest) -> HttpResponseBase:
    """allauth's page; `again` comes from the page that waits for the first code."""
    if request.method == "POST" and "again" in request.POST:
        if wait_for_code(request):
            return _too_early(request, views.confirm_login_code)
        request.session.pop("account_login", None)
    return views.request_login_code(request)


def _too_early(request: HttpRequest, page: View) -> HttpResponseBase:
    back = QueryDict(mutable=True)
    back.update({"next": request.POST["next"]} if request.POST.get("next") else {})
    request.method, request.GET, request.POST = "GET", back, QueryDict()  # type: ignore[assignment]
    request.too_early = True  # type: ignore[attr-defined]
    answer = page(request)
    if answer.status_code == 200:
        answer.status_code = 429
    return answer
