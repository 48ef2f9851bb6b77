"""Signing up: allauth's page, with a way back from the code that loses nothing."""

from __future__ import annotations

from allauth.account import views
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from merchants.forms.sign_up import PENDING, SHOP, TYPED
from merchants.services.user import forget_sign_up

WORDS = (*SHOP, "name")
# Where allauth remembers whose code it waits for.
WAITING = ("account_login", "account_email_verification_code")


@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponseBase:
    """The form; its button `by` asks for the other kind of contact, and keeps what was typed."""
    if request.method == "POST" and "other" in request.POST:
        words = {name: request.POST.get(name, "")[:254] for name in WORDS}
        request.session[TYPED] = words | {"by": request.POST["other"][:5]}
        return _form(request)
    return views.signup(request)


@require_POST
def begin_again(request: HttpRequest) -> HttpResponseBase:
    """From the code back to the form, as it was typed; the account that nobody proved goes."""
    typed = request.session.get(TYPED, {})
    if typed.get("user"):
        forget_sign_up(user_id=typed["user"])
    for key in (*WAITING, PENDING):
        request.session.pop(key, None)
    return _form(request)


def _form(request: HttpRequest) -> HttpResponseBase:
    back = request.POST.get("next", "")
    query = f"?{urlencode({'next': back})}" if back else ""
    return redirect(reverse("account_signup") + query)
