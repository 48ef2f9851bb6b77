"""How a stream from another app does, in a word that the clerk's page has a sentence for. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FRESH = timedelta(seconds=6)  # media servers are heard every other second


def health_of(
    *, sends: bool, media_at: datetime | None, on_air: bool, paused: bool, now: datetime
) -> str:
    """`early` before the show, `waiting` for the app, `good`, or `silent`: no picture; `unseen`: it
    comes while the show is paused.
    """
    if not on_air:
        return "early"
    if not sends:
        return "waiting"
    if media_at is None or now - media_at >= FRESH:
        return "silent"
    return "unseen" if paused else "good"
