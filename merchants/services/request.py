"""The same request twice is one effect (P2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import IntegrityError, transaction

from merchants.errors import KeyReused
from merchants.models import AnsweredRequest

KEPT = timedelta(days=7)


def forget_answers(now: datetime) -> int:
    """Answers hold what was asked, names and addresses too: they go after a week."""
    return AnsweredRequest.objects.filter(at__lt=now - KEPT).delete()[0]


def fingerprint(body: Any) -> str:
    """What makes two requests the same: the hash of their canonical JSON."""
    text = json.dumps(body, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def once(*, scope: str, key: str, body: Any, act: Callable[[], Any]) -> Any:
    """Run `act` at most once for this key and return its JSON answer, now and ever after.

    Effect and answer commit together. Without a key there is nothing to remember. The row of the
    key comes first: of two at once the second waits for it, so that it gets the answer and not a
    refusal ("sold out", said to her who has just bought the last one).
    Raises KeyReused if the key came with another body before, and whatever `act` raises;
    a refusal is not remembered, so that it can be tried again.
    """
    if not key:
        with transaction.atomic():
            return act()
    mark = fingerprint(body)
    with transaction.atomic():
        known = _first(scope, key, mark)
        if known is not None:
            known.answer = act()
            known.save(update_fields=["answer"])
        else:
            known = AnsweredRequest.objects.get(scope=scope, key=key)
    if known.fingerprint != mark:
        raise KeyReused
    return known.answer


def _first(scope: str, key: str, mark: str) -> AnsweredRequest | None:
    """The new row of this key, or None if there is one. Mostly there is none: it is written at
    once, and looked for only if that fails."""
    try:
        with transaction.atomic():
            return AnsweredRequest.objects.create(scope=scope, key=key, fingerprint=mark, answer="")
    except IntegrityError:
        return None


@dataclass(frozen=True)
class Asked:
    """What makes two requests the same, for rows that keep which request made them."""

    scope: str
    key: str
    mark: str  # the fingerprint of the body

    @cached_property
    def digest(self) -> str:
        """A name of the request, of one length, that tells nobody who asked."""
        return hashlib.sha256(f"{self.scope}:{self.key}".encode()).hexdigest()


def answer_of(*, scope: str, key: str) -> Any:
    """The answer that `once` remembers, or None."""
    known = AnsweredRequest.objects.filter(scope=scope, key=key).first()
    return known.answer if known else None
