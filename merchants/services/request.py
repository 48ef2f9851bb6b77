"""The same request twice is one effect (P2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from merchants.errors import KeyReused
from merchants.models import AnsweredRequest


def fingerprint(body: Any) -> str:
    """What makes two requests the same: the hash of their canonical JSON."""
    text = json.dumps(body, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def once(*, scope: str, key: str, body: Any, act: Callable[[], Any]) -> Any:
    """Run `act` at most once for this key and return its JSON answer, now and ever after.

    Effect and answer commit together. Without a key there is nothing to remember.
    Raises KeyReused if the key came with another body before, and whatever `act` raises;
    a refusal is not remembered, so that it can be tried again.
    """
    if not key:
        with transaction.atomic():
            return act()
    mark = fingerprint(body)
    try:
        with transaction.atomic():
            known = AnsweredRequest.objects.filter(scope=scope, key=key).first()
            if known is None:
                answer = act()
                AnsweredRequest.objects.create(
                    scope=scope, key=key, fingerprint=mark, answer=answer
                )
                return answer
    except IntegrityError:  # the same key raced us and won
        known = AnsweredRequest.objects.filter(scope=scope, key=key).first()
        if known is None:
            raise
    if known.fingerprint != mark:
        raise KeyReused
    return known.answer
