"""The verbs of a room: make, schedule, start, pause, interrupt, resume, end, sweep.

Only these write `Room.state`. The guard is inside the UPDATE: of two who move the same room, the
second is refused with a sentence that names the state, and so is `by` whom, unless she shows it
(docs/adr/0016-who-moves-a-show.md). Without a `by` it is the clock, or the picture itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from livestream import broadcast
from livestream.errors import BadGrace, BadStart, BadTitle, EmptyShelf, WrongState
from livestream.media.reel import put_away
from livestream.models import Replay, Room
from livestream.rules.crew import LONGEST_GRACE
from livestream.rules.draw import DrawState
from livestream.rules.room import (
    GRACE_MINUTES,
    LATE_START,
    LONG_REHEARSAL,
    LONGEST_SHOW,
    NOT_BEGUN,
    ON_AIR,
    PAUSE_MINUTES,
    RoomState,
    is_lost,
    is_title,
    may_move,
    may_start_at,
)
from livestream.services.crew import refuse_who_does_not_show, set_crew
from livestream.services.draw import close_draw
from livestream.services.flash import close_flashes
from livestream.services.shelf import fill_shelf
from merchants.models import Merchant, Product, Staff
from merchants.rules.picture import COVER_SIZE
from merchants.rules.role import Role
from merchants.services.picture import as_webp, read_picture

logger = logging.getLogger(__name__)


@transaction.atomic
def make_room(
    *,
    merchant: Merchant,
    host: Staff,
    title: str,
    starts_at: datetime,
    products: Sequence[Product] = (),
    cover: tuple[BinaryIO, int] | None = None,
    visibility: str = "listed",
    grace_minutes: int = GRACE_MINUTES,
    pause_minutes: int = PAUSE_MINUTES,
    backup: Staff | None = None,
    assistants: Sequence[Staff] = (),
) -> Room:
    """A draft with its shelf in the order of `products`. `cover` is a file and its bytes.

    Without a picture it goes on for `grace_minutes`, paused for `pause_minutes` (0: until somebody
    ends it). Raises BadTitle, BadStart, BadGrace, BadCrew, BadPicture, ForeignProduct or FullShelf.
    """
    _check(title, starts_at, timezone.now())
    _check_grace(grace_minutes)
    _check_grace(pause_minutes)
    room = Room(
        merchant=merchant,
        host=host,
        title=title.strip(),
        starts_at=starts_at,
        visibility=visibility,
        grace_minutes=grace_minutes,
        pause_minutes=pause_minutes,
    )
    room.save()
    set_crew(room=room, backup=backup, assistants=assistants)
    fill_shelf(room=room, products=products)
    if cover is not None:
        set_cover(room=room, file=cover[0], size=cover[1])
    return room


@transaction.atomic
def change_room(
    *,
    room: Room,
    title: str,
    starts_at: datetime,
    host: Staff,
    cover: tuple[BinaryIO, int] | None = None,
    visibility: str | None = None,
    grace_minutes: int | None = None,
    pause_minutes: int | None = None,
    backup: Staff | None = None,
    assistants: Sequence[Staff] = (),
    by: Staff | None = None,
) -> Room:
    """New words or another time for a room that has not begun. Raises as `make_room`, and
    NotShowing if `by` names another host or backup host for a room that she does not show.

    Who was told of a start that is put off is told again of the new one.
    """
    before = Room.objects.select_for_update(of=("self",), no_key=True).get(pk=room.pk)
    if before.state not in NOT_BEGUN:
        raise WrongState(_("A room that has begun cannot be changed."))
    if (before.host_id, before.backup_id) != (host.pk, backup.pk if backup else None):
        refuse_who_does_not_show(room, by)
    if starts_at != before.starts_at:
        _check(title, starts_at, timezone.now())
    elif not is_title(title):
        raise BadTitle
    fields: dict[str, Any] = {"title": title.strip(), "starts_at": starts_at, "host": host}
    if starts_at > before.starts_at:
        fields["announced_at"] = None
    if visibility is not None:
        fields["visibility"] = visibility
    for name, minutes in (("grace_minutes", grace_minutes), ("pause_minutes", pause_minutes)):
        if minutes is not None:
            _check_grace(minutes)
            fields[name] = minutes
    if not Room.objects.filter(pk=room.pk, state__in=NOT_BEGUN).update(**fields):
        raise WrongState(_("A room that has begun cannot be changed."))
    for name, value in fields.items():
        setattr(room, name, value)
    set_crew(room=room, backup=backup, assistants=assistants)
    if cover is not None:
        set_cover(room=room, file=cover[0], size=cover[1])
    return room


def _check_grace(minutes: int) -> None:
    if not 0 <= minutes <= LONGEST_GRACE:
        raise BadGrace


def _check(title: str, starts_at: datetime, now: datetime) -> None:
    if not is_title(title):
        raise BadTitle
    if not may_start_at(starts_at, now):
        raise BadStart


def set_cover(*, room: Room, file: BinaryIO, size: int) -> None:
    """Re-encode an upload of `size` bytes as the upright cover. Raises BadPicture."""
    picture = read_picture(file, size=size)
    room.cover = as_webp(picture, COVER_SIZE, crop=True)
    room.cover_thumb = as_webp(picture, (360, 640), crop=True)
    room.save(update_fields=["cover", "cover_thumb"])


@transaction.atomic
def schedule_room(*, room: Room) -> Room:
    """From draft to announced: its address shows the countdown. Raises EmptyShelf, BadStart."""
    if not room.items.exists():
        raise EmptyShelf
    if not may_start_at(room.starts_at, timezone.now()):
        raise BadStart
    return _move(room, RoomState.SCHEDULED, scheduled_at=timezone.now())


@transaction.atomic
def rehearse_room(*, room: Room, by: Staff | None = None) -> Room:
    """The console as in the show, and nobody sees: what shoppers are told stays as it was."""
    return _move(room, RoomState.REHEARSING, by=by, media_at=timezone.now())


@transaction.atomic
def stop_rehearsal(*, room: Room, by: Staff | None = None) -> Room:
    """Back to the draft or the announced room that it was."""
    return _move(room, room.shown_state, by=by, media_at=None)


@transaction.atomic
def start_room(*, room: Room, by: Staff | None = None) -> Room:
    """On air. Nothing is explained yet: `show_next` begins with the first item of the shelf."""
    now = timezone.now()
    if not room.items.exists():
        raise EmptyShelf
    return _move(room, RoomState.LIVE, by=by, started_at=now, media_at=now)


@transaction.atomic
def pause_room(*, room: Room, by: Staff | None = None) -> Room:
    """The picture rests; chat and shelf go on, for as long as a pause of this room may last."""
    return _move(room, RoomState.PAUSED, by=by, paused_at=timezone.now())


@transaction.atomic
def resume_room(*, room: Room, by: Staff | None = None) -> Room:
    """The picture is back, from a pause or from a lost stream."""
    now = timezone.now()
    return _move(room, RoomState.LIVE, by=by, media_at=now, interrupted_at=None, paused_at=None)


@transaction.atomic
def interrupt_room(*, room: Room, silent: Q | None = None) -> Room:
    """The stream is lost; the room says so and keeps selling, for as long as its grace lasts.

    `silent`: only if that still holds of the row. Raises WrongState.
    """
    return _move(room, RoomState.INTERRUPTED, still=silent, interrupted_at=timezone.now())


@transaction.atomic
def end_room(*, room: Room, by: Staff | None = None) -> Room:
    """Over. Spotlights and offers close, an open draw too; the replay is due."""
    return _end(room, by=by)


def _end(room: Room, **guard: Any) -> Room:
    now = timezone.now()
    _move(room, RoomState.ENDED, **guard, ended_at=now)
    _close_all(room, now)
    Replay.objects.get_or_create(room=room)
    return room


def _close_all(room: Room, now: datetime) -> None:
    room.spotlights.filter(closed_at__isnull=True).update(closed_at=now)
    room.drops.filter(withdrawn_at__isnull=True, ends_at__gt=now).update(withdrawn_at=now)
    room.stream_keys.filter(revoked_at=None).update(revoked_at=now)
    close_flashes(room.flash_sales.filter(closed_at=None).select_related("room__merchant"))
    for draw in room.draws.filter(state=DrawState.OPEN).select_related("room__merchant"):
        close_draw(draw=draw)


@transaction.atomic
def cancel_room(*, room: Room, by: Staff | None = None) -> Room:
    """It will not take place."""
    return _move(room, RoomState.CANCELLED, by=by)


def ban_room(*, room: Room) -> Room:
    """A platform admin takes it off the air for good; everybody in it is sent out.

    Its picture is out of reach when this returns. Should a file stand in the way, the sweep tries
    again.
    """
    _ban(room)
    _put_away(room)
    return room


@transaction.atomic
def _ban(room: Room) -> None:
    now = timezone.now()
    ended = Room.objects.values_list("ended_at", flat=True).get(pk=room.pk)
    _move(room, RoomState.BANNED, ended_at=ended or now, publisher=None)
    _close_all(room, now)
    room.publications.filter(ended_at__isnull=True).update(ended_at=now)


def _put_away(room: Room) -> None:
    try:
        put_away(Path(settings.LIVE_ROOT) / room.public_id)
    except Exception:  # the room is banned all the same
        logger.exception("the picture of %s is still in reach", room.public_id)


def sweep_rooms(now: datetime) -> None:
    """Expire rooms that nobody started, end what nobody ended, what has lost its picture for longer
    than its grace and what is paused and forgotten, put banned ones away.
    """
    forgotten = Room.objects.filter(state=RoomState.SCHEDULED, starts_at__lte=now - LATE_START)
    for room in forgotten:
        _unless_moved(room, RoomState.EXPIRED)
    left = Room.objects.filter(state=RoomState.REHEARSING, media_at__lte=now - LONG_REHEARSAL)
    for room in left:
        _unless_moved(room, room.shown_state, "media_at")
    endless = Room.objects.filter(state__in=ON_AIR, started_at__lte=now - LONGEST_SHOW)
    for room in endless:
        _unless_moved(room, RoomState.ENDED)
    for room in Room.objects.filter(state=RoomState.INTERRUPTED, grace_minutes__gt=0):
        if is_lost(room.interrupted_at or room.media_at, room.grace_minutes, now):
            _unless_moved(room, RoomState.ENDED, "interrupted_at", "media_at")
    for room in Room.objects.filter(state=RoomState.PAUSED, pause_minutes__gt=0):
        if is_lost(room.paused_at, room.pause_minutes, now):
            _unless_moved(room, RoomState.ENDED, "paused_at")
    for room in Room.objects.filter(state=RoomState.BANNED).only("public_id"):
        _put_away(room)


def _unless_moved(room: Room, to: RoomState, *judged: str) -> None:
    """`judged`: by these fields; a room where one of them is another by now has moved as well."""
    still = Q(**{name: getattr(room, name) for name in judged})
    try:
        with transaction.atomic():
            if to is RoomState.ENDED:
                _end(room, still=still)
            else:
                _move(room, to, still=still)
    except WrongState:
        return
    except Exception:  # its own trouble: the others must not wait for it
        logger.exception("%s could not become %s", room.public_id, to)


def _is_quiet(old: RoomState, to: RoomState) -> bool:
    """Into a rehearsal and back nobody outside is told; a ban out of one is told to all."""
    return RoomState.REHEARSING in {old, to} and to is not RoomState.BANNED


def _move(
    room: Room,
    to: RoomState,
    *,
    by: Staff | None = None,
    still: Q | None = None,
    **fields: Any,
) -> Room:
    old = RoomState(room.state)
    rows = Room.objects.filter(still or Q(), pk=room.pk, state=old)
    if by is not None and by.role < Role.MANAGER:
        rows = rows.filter(Q(host=by) | Q(backup=by))
    moved = may_move(old, to) and rows.update(state=to.value, **fields)
    if not moved:
        refuse_who_does_not_show(room, by)
        room.refresh_from_db(fields=["state"])
        raise WrongState(
            _("The room is “%(now)s” and cannot become “%(to)s”.")
            % {"now": room.get_state_display(), "to": Room(state=to.value).get_state_display()}
        )
    room.state = to.value
    for name, value in fields.items():
        setattr(room, name, value)
    broadcast.room_moved(room, quiet=_is_quiet(old, to))
    return room
