"""Where in its recording a moment of a show is."""

from __future__ import annotations

from datetime import datetime

from livestream.models import Replay, Room
from livestream.rules.playlist import offset_of


def place_of(room: Room, replay: Replay | None, moment: datetime) -> int:
    """Milliseconds from the beginning of the recording. While the show rested nothing was recorded;
    of a recording that does not say so, milliseconds since the show began.
    """
    at = round(moment.timestamp() * 1000)
    if replay is not None and replay.runs:
        return min(offset_of(replay.runs, at), replay.duration_ms)
    began = room.started_at or room.starts_at
    return max(0, at - round(began.timestamp() * 1000))


def second_of(room: Room, replay: Replay | None, moment: datetime) -> int:
    """The same in whole seconds."""
    return place_of(room, replay, moment) // 1000
