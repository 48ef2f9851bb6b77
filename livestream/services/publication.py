"""Who may send the picture of a room, and whether it still arrives.

The fence: each publication gets the next epoch of its room, and whatever carries an older one
changes nothing any more. Two tabs can therefore never both be the show.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from livestream import broadcast
from livestream.errors import NotOnAir, StreamTaken
from livestream.models import Publication, Room
from livestream.models.publication import EMBEDDED
from livestream.rules.room import ON_AIR, RoomState
from livestream.selectors.picture import picture_of
from livestream.services.crew import refuse_who_does_not_show
from livestream.services.room import interrupt_room, resume_room
from merchants.errors import RuleBroken
from merchants.models import Staff

logger = logging.getLogger(__name__)

FRESH = timedelta(seconds=15)  # a publisher heard of so recently is still there
SILENT = timedelta(seconds=8)  # a live room without media for so long is interrupted
FIRST_MEDIA = timedelta(seconds=20)  # what a camera may take to come up at all
TAKES_MEDIA = ON_AIR | {RoomState.REHEARSING}


@transaction.atomic
def open_publication(
    *,
    room: Room,
    publisher: UUID,
    by: Staff | None,
    codec: str = "",
    takeover: bool = False,
    patience: timedelta = FRESH,
    provider: str = EMBEDDED,
    session: str = "",
) -> Publication:
    """Make `publisher` the only one whose media counts; every earlier epoch is fenced off.

    The same publisher may always come again (a reloaded page). Raises StreamTaken if another
    one has been heard of within `patience`, unless `takeover`; NotOnAir if the room takes no
    picture; NotShowing for a colleague who is not to send it. `provider` carries the picture, and
    calls the publisher `session`.
    """
    now = timezone.now()
    refuse_who_does_not_show(room, by)
    rows = Room.objects.filter(pk=room.pk, state__in=TAKES_MEDIA)
    if not takeover:
        rows = rows.exclude(_busy(room, publisher, now - patience))
    carried_by = room.provider
    if not rows.update(epoch=F("epoch") + 1, publisher=publisher, provider=provider):
        room.refresh_from_db(fields=["state"])
        raise StreamTaken if room.state in TAKES_MEDIA else NotOnAir
    room.refresh_from_db(fields=["epoch", "publisher", "state", "provider"])
    room.publications.filter(ended_at=None).update(ended_at=now)
    opened = room.publications.create(
        epoch=room.epoch,
        publisher=publisher,
        by=by,
        codec=codec[:80],
        provider=provider,
        session=session,
        started_at=now,
    )
    if session or carried_by != provider:  # every stream of a media server has a name of its own
        broadcast.picture_moved(room, picture_of(room))
    return opened


def _busy(room: Room, publisher: UUID, fresh: datetime) -> Q:
    """Rooms whose picture another device sends, or has just begun to send."""
    begun = room.publications.filter(ended_at=None, started_at__gt=fresh)
    heard = Q(media_at__gt=fresh) | Q(epoch__in=begun.values("epoch"))
    return Q(publisher__isnull=False) & ~Q(publisher=publisher) & heard


def media_arrived(publication: Publication) -> RoomState | None:
    """Note that media came just now; an interrupted room is live again.

    Answers the state of the room, or None if this publication has been fenced off or the room
    takes no more media: then nothing has changed.
    """
    room = Room.objects.filter(
        pk=publication.room_id, epoch=publication.epoch, state__in=TAKES_MEDIA
    )
    now = timezone.now()
    rehearsed = Case(When(state=RoomState.REHEARSING, then=Value(now)), default=F("rehearsed_at"))
    if not room.update(media_at=now, rehearsed_at=rehearsed):
        return None
    current = room.first()
    if current is None:
        return None
    if current.state == RoomState.INTERRUPTED:
        try:
            resume_room(room=current)
        except RuleBroken:
            logger.info("%s moved on while its picture came back", current.public_id)
        current.refresh_from_db(fields=["state"])
    return RoomState(current.state)


def still_wanted(publication: Publication) -> RoomState | None:
    """The state of the room, if this publication is its newest and it takes media; else None."""
    state = (
        Room.objects.filter(pk=publication.room_id, epoch=publication.epoch, state__in=TAKES_MEDIA)
        .values_list("state", flat=True)
        .first()
    )
    return RoomState(state) if state else None


@transaction.atomic
def close_publication(publication: Publication) -> None:
    """This publication is over and any device may be the next. A later one is untouched."""
    now = timezone.now()
    Publication.objects.filter(pk=publication.pk, ended_at=None).update(ended_at=now)
    Room.objects.filter(pk=publication.room_id, epoch=publication.epoch).update(publisher=None)


def interrupt_silent_rooms(now: datetime) -> int:
    """Every live room whose picture has stopped arriving is interrupted; answers how many.

    Nothing else ends: chat, shelf and orders go on. Safe to run twice at once.
    """
    silent = Q(media_at__lt=now - SILENT) | Q(media_at=None)
    young = Q(started_at__gt=now - FIRST_MEDIA)
    count = 0
    for room in Room.objects.filter(silent, state=RoomState.LIVE).exclude(young):
        try:
            interrupt_room(room=room, silent=silent)
            count += 1
        except RuleBroken:
            logger.info("%s moved on while it was silent", room.public_id)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("%s could not be interrupted", room.public_id)
    return count


def media_folder(room: Room, state: RoomState) -> Path:
    """Where the media of a room goes. A rehearsal goes where the edge cannot see it."""
    root = Path(settings.LIVE_ROOT)
    if state == RoomState.REHEARSING:
        return root / ".rehearsal" / room.public_id
    return root / room.public_id
