"""Our own questions to a media server: one request, one answer, a few seconds' patience."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from livestream.media.providers.base import ProviderDown

PATIENCE = 3  # seconds
LARGEST = 512 * 1024  # bytes of an answer


def call(
    url: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    missing: bytes | None = None,
) -> bytes:
    """The body of a 2xx. `missing` stands for a 404 where that is an answer.

    Raises ProviderDown.
    """
    if not url.startswith(("http://", "https://")):
        raise ProviderDown("no address of a media server is set")
    # The address is the operator's own setting, not a visitor's.
    request = Request(url, data=body, headers=headers or {}, method=method)  # noqa: S310
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return bytes(answer.read(LARGEST))
    except HTTPError as refusal:
        if refusal.code == 404 and missing is not None:
            return missing
        raise ProviderDown(f"{method} answers {refusal.code}") from None
    except (OSError, ValueError) as trouble:
        # Without the cause's own words: they may hold the address, and the address a secret.
        raise ProviderDown(type(trouble).__name__) from None


def call_json(url: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """The same for an answer that is a JSON object."""
    try:
        said = json.loads(call(url, method, **more) or b"{}")
    except (ValueError, RecursionError):
        raise ProviderDown("an answer that is no JSON") from None
    if not isinstance(said, dict):
        raise ProviderDown("an answer of another kind")
    return said
