"""A form that is sent twice makes one thing: its hidden key is an idempotency key (P2)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet
from django.http import HttpRequest

from merchants.services.request import answer_of, fingerprint, once

FIELD = "form_key"  # written into a form by {% form_key %}


def once_per_form(request: HttpRequest, *, scope: str, act: Callable[[], Any]) -> Any:
    """Run `act` once for this form as it was filled in; sent again, give the same JSON answer.

    A refusal raised by `act` is not remembered.
    """
    place, key = _place(request, scope)
    return once(scope=place, key=key, body=None, act=act)


def answer_before(request: HttpRequest, *, scope: str) -> Any:
    """What this form was answered when it came before, or None.

    For a form that finds its own first copy in the way: "this name is taken", by herself.
    """
    place, key = _place(request, scope)
    return answer_of(scope=place, key=key) if key else None


def _place(request: HttpRequest, scope: str) -> tuple[str, str]:
    """Scope and key. What was typed is part of the key: who goes back, writes something else and
    sends that wants another thing."""
    key = request.POST.get(FIELD, "")
    typed = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    files = {
        name: [[file.name, file.size] for file in request.FILES.getlist(name)]
        for name in request.FILES
    }
    merchant = getattr(request, "merchant", None)
    place = f"{scope}:{merchant.pk if merchant else ''}:{request.user.pk}"
    return place, fingerprint([key, typed, files]) if key else ""


def sealed(request: HttpRequest, secret: str) -> str:
    """A secret as it may stand in a remembered answer: only this form's hidden key opens it."""
    return _box(request).encrypt(secret.encode()).decode()


def opened(request: HttpRequest, answer: str) -> str:
    """What was `sealed` when the same form came before."""
    return _box(request).decrypt(answer.encode()).decode()


def _box(request: HttpRequest) -> Fernet:
    key = hashlib.sha256(b"sealed:" + request.POST.get(FIELD, "").encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
