"""Signals for things that have happened, sent only once the database agrees."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal


class Fact(Signal):
    """A past-tense signal. A lower app states it; a higher app may listen."""

    def state(self, **details: Any) -> None:
        """Tell every listener after commit. A failing listener is logged, not raised."""
        transaction.on_commit(partial(self.send_robust, sender=None, **details), robust=True)
