"""Her orders on another device: a code goes to the phone number that she ordered with.

Every number gets a code, and every page says the same, whether anything was bought with it or not:
only who has the phone in her hand learns that. No row keeps a code; the session has its hash.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from merchants.errors import RuleBroken
from merchants.pace import TooOften, keep_code_pace, keep_tries, note_code, wait_for_code
from merchants.services.code import send_text
from orders.forms.find import CodeForm, NumberForm
from orders.hers import note_phone
from orders.models import Order

FINDING = "finding"  # in the session: to which number a code went, its hash, until when it is good
GOOD_FOR = 600  # seconds


@require_http_methods(["GET", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    """To which number the code goes."""
    form = NumberForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _send(request, form.cleaned_data["phone"])
            except RuleBroken as refusal:
                form.add_error("phone", str(refusal))
                status = refusal.status
            else:
                return redirect("track:find_code")
    return render(request, "orders/find/number.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The code that came. Right, this device has the orders of that number."""
    finding = request.session.get(FINDING)
    if not finding:
        return redirect("track:find")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                keep_tries(finding["id"])
            except TooOften:
                return _again(request)
            if finding["until"] < time.time():
                return _again(request)
            if constant_time_compare(_hash(finding, form.cleaned_data["code"]), finding["hash"]):
                return _found(request, finding["phone"])
            form.add_error("code", _("This is not the code that we sent. Look again."))
    context = {"form": form, "phone": finding["phone"]}
    return render(request, "orders/find/code.html", context, status=status)


def _send(request: HttpRequest, phone: str) -> None:
    """Raises TooOften, NotSent."""
    if wait_for_code(request):
        raise TooOften
    keep_code_pace(request, phone)
    sent = f"{secrets.randbelow(10**6):06}"
    finding: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "phone": phone,
        "until": time.time() + GOOD_FOR,
    }
    said = _("%(code)s is the code for your orders at Guitai. It works for 10 minutes.")
    send_text(to=phone, body=said % {"code": sent}, language=get_language() or "")
    request.session[FINDING] = finding | {"hash": _hash(finding, sent)}
    note_code(request)


def _hash(finding: dict[str, Any], typed: str) -> str:
    return salted_hmac(f"find:{finding['id']}:{finding['phone']}", typed).hexdigest()


def _found(request: HttpRequest, phone: str) -> HttpResponse:
    request.session.pop(FINDING, None)
    request.session.cycle_key()  # what this session may see has grown
    note_phone(request.session, phone)
    if Order.objects.filter(phone=phone).exists():
        messages.success(request, _("These are the orders of your number."))
    else:
        messages.info(request, _("Nothing was bought with this number yet."))
    return redirect("track:mine")


def _again(request: HttpRequest) -> HttpResponse:
    request.session.pop(FINDING, None)
    messages.error(request, _("This code is no longer good. Ask for another."))
    return redirect("track:find")
