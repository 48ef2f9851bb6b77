"""Where media servers ask and tell: one address for each, with a token that only it knows."""

from __future__ import annotations

import logging
from functools import partial

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from livestream.media.providers import provider_named
from livestream.media.providers.base import (
    LARGEST,
    Ask,
    Forged,
    StreamProvider,
    Unreadable,
    same,
)
from livestream.models import StreamKey
from livestream.selectors.picture import may_be_seen
from livestream.services.stream_event import hear
from livestream.services.stream_key import admit

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def hook(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """One question or one piece of news. A wrong token learns nothing of what is here."""
    known = settings.LIVE_HOOK_TOKEN
    if provider != settings.LIVE_PROVIDER or not known or not same(known, token):
        raise Http404
    answer = _answer(provider_named(provider), request)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # the address holds the token
    return answer


@require_safe
def seen(_request: HttpRequest, stream: str) -> HttpResponse:
    """For a web server that gives away streams: 204 if this one may be watched, or 403."""
    key = get_object_or_404(StreamKey.objects.select_related("room"), name=stream)
    return HttpResponse(status=204 if may_be_seen(key.room) else 403)


def _answer(carrier: StreamProvider, request: HttpRequest) -> HttpResponse:
    if int(request.headers.get("Content-Length") or 0) > LARGEST or len(request.body) > LARGEST:
        return HttpResponse(status=413)
    ask = Ask(
        method=request.method or "POST",
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )
    try:
        answer = carrier.authorise(ask, partial(admit, carrier.name))
        if answer is None:
            for happening in carrier.events(ask):
                hear(carrier, happening)
            answer = carrier.heard()
    except Forged as trouble:
        logger.warning("what says to be %s is not: %s", carrier.name, trouble)
        return HttpResponse(status=403)
    except Unreadable:
        return HttpResponse(status=400)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
