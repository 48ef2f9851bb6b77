"""The verb of presence: what the hubs saw of who watched becomes a row a device, and a minute.

Several processes may save stays of one device at once: the rule counts no moment twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from livestream.models import Attendance, Minute, Room
from livestream.rules.presence import Stay, credit


@transaction.atomic
def note_stays(*, room_id: int, stays: Sequence[Stay], viewers: int) -> None:
    """Add stays to who attended this show, and raise the minute's viewers to `viewers`.

    What lies before the show began, or after it ended, does not count.
    """
    now = timezone.now()
    rooms = Room.objects.select_for_update(no_key=True)
    room = rooms.only("started_at", "ended_at").get(pk=room_id)
    if room.started_at is None:
        return
    inside = [stay.within(room.started_at, room.ended_at) for stay in stays]
    inside = [stay for stay in inside if stay.until >= stay.since]
    arrived = _attend(room, inside)
    if room.ended_at is None and (viewers or arrived):
        note_minute(room_id, now, viewers=viewers, arrived=arrived)


def _attend(room: Room, stays: Sequence[Stay]) -> int:
    """How many of them were not known yet."""
    devices = {stay.device for stay in stays}
    rows = {row.device: row for row in room.attendances.filter(device__in=devices)}
    known = len(rows)
    for stay in stays:
        row = rows.get(stay.device)
        if row is None:
            row = Attendance(room=room, device=stay.device, first_at=stay.since, last_at=stay.since)
            rows[stay.device] = row
        row.seconds, row.last_at = credit(row.seconds, row.last_at, stay)
    Attendance.objects.bulk_create(
        rows.values(),
        batch_size=150,
        update_conflicts=True,
        unique_fields=["room", "device"],
        update_fields=["seconds", "last_at"],
    )
    return len(rows) - known


def note_minute(
    room_id: int, at: datetime, *, viewers: int = 0, arrived: int = 0, likes: int = 0
) -> None:
    """Write into the curve of a show. Part of the caller's transaction, under the room's lock."""
    minute = at.replace(second=0, microsecond=0)
    counted = {"viewers": viewers, "arrived": arrived, "likes": likes}
    known = Minute.objects.filter(room=room_id, at=minute).update(
        viewers=Greatest(F("viewers"), viewers),
        arrived=F("arrived") + arrived,
        likes=F("likes") + likes,
    )
    if not known:
        Minute.objects.create(room_id=room_id, at=minute, **counted)
