"""Tells the staff of a show that rests that it is about to end by itself."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils.translation import gettext as _

from livestream.models import Room
from livestream.rules.room import SOON, RoomState
from merchants.services.notification import notify_all, told_before

logger = logging.getLogger(__name__)


def warn_of_endings(now: datetime) -> int:
    """A notice for each paused show that is given up within ten minutes, once a pause. Answers how
    many are about to end. Safe to run twice at once.

    A show that lost its picture is not told of: its clerk has seen it.
    """
    resting = Room.objects.filter(state=RoomState.PAUSED).select_related("merchant")
    soon = [room for room in resting if (at := room.gives_up_at) and at - now <= SOON]
    told = told_before(_key(room) for room in soon) if soon else set()
    for room in soon:
        if _key(room) in told:
            continue
        try:
            _warn(room)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("nobody could be told that %s ends", room.public_id)
    return len(soon)


def _key(room: Room) -> str:
    """Of one pause, and of no other."""
    return f"room_paused:{room.public_id}:{room.paused_at:%Y%m%d%H%M%S}"


def _warn(room: Room) -> None:
    def say() -> tuple[str, str]:
        return (
            _("“%(title)s” is paused and will soon end by itself") % {"title": room.title},
            _("Open the console and press “Go on” if it should stay on air."),
        )

    notify_all(
        merchant=room.merchant,
        kind="room",
        key=_key(room),
        say=say,
        path=f"/dashboard/{room.merchant.slug}/rooms/{room.public_id}/console/",
    )
