"""What providers tell us by themselves, proved by nothing but a signature (P4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from django.http import HttpRequest, HttpResponse

from orders.errors import BadCallback
from orders.payments.gateway import LARGEST, Heard, Reply

logger = logging.getLogger(__name__)


class Hears(Protocol):
    def reply(self, trouble: str = "") -> Reply: ...


def answered(
    request: HttpRequest, provider: Hears, whose: str, act: Callable[[Heard], object]
) -> HttpResponse:
    """Let `act` verify the callback and do what it says; the answer that this provider wants.

    `act` raises BadCallback if it is not genuine. `whose` names provider and shop in the log.
    """
    if int(request.headers.get("Content-Length") or 0) > LARGEST or len(request.body) > LARGEST:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        act(Heard(headers, request.body))
    except BadCallback:
        logger.warning("a callback that says to be of %s is not", whose)
        answer = provider.reply("not genuine")
    else:
        answer = provider.reply()
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
