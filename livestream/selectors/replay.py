"""Where in its recording a moment of a show is."""

from __future__ import annotations

from datetime import datetime

from livestream.models import Replay, Room
from livestream.rules.playlist import offset_of


def second_of(room: Room, replay: Replay | None, moment: datetime) -> int:
    """Seconds from the beginning of the recording. While the show rested nothing was recorded; of a
    recording that does not say so (a media server's), seconds since the show began.
    """
    if replay is not None and replay.runs:
        return offset_of(replay.runs, round(moment.timestamp() * 1000)) // 1000
    began = room.started_at or room.starts_at
    return max(0, int((moment - began).total_seconds()))
