"""How a stream from another app does, in a word that the clerk's page has a sentence for. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FRESH = timedelta(seconds=6)  # media servers are heard every other second


def health_of(*, sends: bool, media_at: datetime | None, on_air: bool, now: datetime) -> str:
    """`early` before the show, `waiting` for the app, `good`, or `silent`: no picture."""
    if not on_air:
        return "early"
    if not sends:
        return "waiting"
    return "good" if media_at is not None and now - media_at < FRESH else "silent"
