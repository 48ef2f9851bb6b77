"""Who watched."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from livestream.models import Attendance, Room


def watched(room: Room, device: UUID | None) -> int:
    """Seconds that a device has watched of a show, as far as they are saved."""
    if device is None:
        return 0
    rows = Attendance.objects.filter(room=room, device=device)
    return rows.values_list("seconds", flat=True).first() or 0


def present(room_id: int, since: datetime) -> int:
    """How many devices were there at `since` or later, as far as they are saved."""
    return Attendance.objects.filter(room=room_id, last_at__gte=since).count()
