"""A form that is sent twice makes one thing: its hidden key is an idempotency key (P2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from merchants.services.request import fingerprint, once

FIELD = "form_key"  # written into a form by {% form_key %}


def once_per_form(request: HttpRequest, *, scope: str, act: Callable[[], Any]) -> Any:
    """Run `act` once for this form as it was filled in; sent again, give the same JSON answer.

    What was typed is part of the key: who goes back, writes something else and sends that wants
    another thing. A refusal raised by `act` is not remembered.
    """
    key = request.POST.get(FIELD, "")
    typed = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    files = {
        name: [[file.name, file.size] for file in request.FILES.getlist(name)]
        for name in request.FILES
    }
    merchant = getattr(request, "merchant", None)
    place = f"{scope}:{merchant.pk if merchant else ''}:{request.user.pk}"
    mark = fingerprint([key, typed, files])
    return once(scope=place, key=mark if key else "", body=None, act=act)
