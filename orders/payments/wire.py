"""One HTTP call to a provider: bounded in time and size, following nobody elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orders.payments.gateway import LARGEST, PATIENCE, GatewayTrouble


@dataclass(frozen=True)
class Answer:
    """Headers by their lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Nowhere(HTTPRedirectHandler):
    """A provider's address does not move; who says so is somebody else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = build_opener(_Nowhere)


def _read(came: HTTPResponse | HTTPError) -> bytes:
    """The body, one byte beyond LARGEST at most. PATIENCE is for the whole, not for each piece."""
    began, pieces, size = time.monotonic(), [], 0
    while size <= LARGEST and (piece := came.read1(LARGEST + 1 - size)):
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError
    return b"".join(pieces)


def call(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """What the provider answers, whatever its status. Raises GatewayTrouble if nothing comes."""
    request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
    try:
        try:
            came = _opener.open(request, timeout=PATIENCE)
        except HTTPError as refusal:
            came = refusal
        with came:
            text = _read(came)
            answer = Answer(came.status, {k.lower(): v for k, v in came.headers.items()}, text)
    except (OSError, HTTPException, ValueError) as trouble:
        raise GatewayTrouble(f"no answer: {type(trouble).__name__}") from trouble
    if len(text) > LARGEST:
        raise GatewayTrouble("the answer is too large")
    return answer
