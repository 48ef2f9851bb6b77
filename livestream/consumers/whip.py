"""WHIP (RFC 9725) at /whip/<stream>/, mounted before Django: apps publish by WebRTC through Janus.

POST    an offer with the key as bearer token  201, the answer, and where she ends it
DELETE  at that place                          200

What is refused has a status and a sentence: 400 no offer · 401 no key · 403 a key that opens
nothing · 409 another device shows · 413 · 415 · 503 Janus or the processors are away · 507 the
disk is full. No cookie counts here, and a page of another site is let in by nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from functools import partial

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from livestream.consumers.door import Scope, header, language_of
from livestream.consumers.relay import PROVIDER, Relay, relay_of
from livestream.errors import StreamTaken
from livestream.media.edge import Headers, Receive, Send
from livestream.media.encoder import NoEncoder
from livestream.media.janus import BadOffer
from livestream.media.providers import provider_named
from livestream.media.providers.base import LARGEST, Happening, Kind, ProviderDown, Wish
from livestream.media.providers.janus import PREFIX
from livestream.rules.sdp import is_offer
from livestream.services.stream_event import hear
from livestream.services.stream_key import admit, publication_of

logger = logging.getLogger(__name__)

KIND = "application/sdp"
PATIENCE = 10.0  # seconds for the body
LISTENED = 4 * 1024 * 1024  # bytes of one that is too large
_PATH = re.compile(r"/whip/(?P<name>s[0-9a-f]{20})/?(?:(?<=/)(?P<publisher>[0-9a-f]{32})/?)?", re.A)

NO_SUCH = _("There is nothing here.")
NOT_THAT = _("Send an offer with POST, or end the stream with DELETE.")
NO_KEY = _("Send the key as a bearer token.")
BAD_KEY = _("This key opens no show now: make a new one, or go live first.")
NOT_SDP = _("Send a session description: application/sdp.")
TOO_LARGE = _("This is too large for an offer.")
NO_OFFER = _("This is no offer with a picture in H.264 or VP8.")
NO_ENCODER = _("No processor is free to encode this picture. Send H.264.")
NO_DISK = _("The disk is full.")
NO_SERVER = _("The media server does not answer. Try again.")


class Refusal(Exception):
    """A request that ends here, with its status and its sentence."""

    def __init__(self, status: int, sentence: str | Promise, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status)
        self.status, self.sentence, self.headers = status, sentence, headers


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request below PREFIX."""
    try:
        status, body, headers = await _serve(scope, receive)
    except Refusal as no:
        with translation.override(language_of(scope)):
            text = str(no.sentence)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), *no.headers]
        status, body = no.status, text.encode()
    except Exception:
        logger.exception("an offer by WHIP")  # its address holds no secret
        status, body, headers = 500, b"", []
    await _answer(scope, send, status, body, headers)


async def _serve(scope: Scope, receive: Receive) -> tuple[int, bytes, Headers]:
    match = _PATH.fullmatch(scope["path"])
    if match is None or settings.LIVE_PROVIDER != PROVIDER:
        raise Refusal(404, NO_SUCH)
    name, publisher = match["name"], match["publisher"]
    wanted = "DELETE" if publisher else "POST"
    if scope["method"] == "OPTIONS":
        return 204, b"", [(b"accept-post", KIND.encode()), (b"allow", wanted.encode())]
    if scope["method"] != wanted:
        raise Refusal(405, NOT_THAT, (b"allow", f"{wanted}, OPTIONS".encode()))
    secret = _bearer(scope)
    if publisher:
        await _check(name, secret)
        await _end(name, publisher)
        return 200, b"", []
    if header(scope, b"content-type").partition(";")[0].strip().lower() != KIND:
        raise Refusal(415, NOT_SDP, (b"accept-post", KIND.encode()))
    length = header(scope, b"content-length") or "0"
    if not length.isdigit() or int(length) > LARGEST:
        await _let_finish(receive)
        raise Refusal(413, TOO_LARGE, (b"connection", b"close"))
    await _check(name, secret)
    return await _begin(name, secret, await _offer(receive))


def _bearer(scope: Scope) -> str:
    scheme, _space, secret = header(scope, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal(401, NO_KEY, (b"www-authenticate", b"Bearer"))
    return secret.strip()[:200]


async def _check(name: str, secret: str) -> None:
    """Only the key is asked about: nothing begins yet."""
    if not await database_sync_to_async(admit)(PROVIDER, Wish(name, secret, "")):
        raise Refusal(403, BAD_KEY)


async def _let_finish(receive: Receive) -> None:
    """Whoever still sends does not hear the answer: what is not far too much may arrive first."""
    came = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            message = await receive()
            while message.get("more_body") and came < LISTENED:
                came += len(message.get("body", b""))
                message = await receive()


async def _offer(receive: Receive) -> str:
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > LARGEST:
                    raise Refusal(413, TOO_LARGE, (b"connection", b"close"))
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise Refusal(408, NO_OFFER) from None
    text = body.decode("utf-8", "replace")
    if not is_offer(text):
        raise Refusal(400, NO_OFFER)
    return text


async def _begin(name: str, secret: str, offer: str) -> tuple[int, bytes, Headers]:
    again = (b"retry-after", b"5")
    try:
        relay, answer = await Relay.begin(name, secret, offer)
    except BadOffer:
        raise Refusal(400, NO_OFFER) from None
    except StreamTaken as taken:
        soon = (b"retry-after", b"2")  # her dead self is believed in for so long, and a little more
        raise Refusal(taken.status, taken.sentence, soon) from None
    except NoEncoder:
        raise Refusal(503, NO_ENCODER, again) from None
    except ProviderDown as trouble:  # an OSError as well, so it comes first
        logger.warning("Janus: %s", trouble)
        raise Refusal(503, NO_SERVER, again) from None
    except OSError:
        logger.exception("a show cannot be written")
        raise Refusal(507, NO_DISK) from None
    place = f"{PREFIX}{name}/{relay.publisher}/"
    return 201, answer.encode(), [(b"content-type", KIND.encode()), (b"location", place.encode())]


async def _end(name: str, publisher: str) -> None:
    """She stops: here, or at the process that looks after her."""
    if (relay := relay_of(publisher)) is not None and relay.name == name:
        await relay.stop()
        return
    if not await database_sync_to_async(publication_of)(PROVIDER, name, publisher):
        raise Refusal(404, NO_SUCH)
    provider = provider_named(PROVIDER)
    try:
        await asyncio.to_thread(provider.end, name, publisher)
    except ProviderDown:
        raise Refusal(503, NO_SERVER) from None
    over = Happening(Kind.STOPPED, name, publisher, f"{name}/{publisher}:done")
    await database_sync_to_async(partial(hear, provider))(over)


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers) -> None:
    headers = [
        *headers,
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
