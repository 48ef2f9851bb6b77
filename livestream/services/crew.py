"""The verbs of a room's crew: name it, hand the show over."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from livestream import broadcast
from livestream.errors import BadCrew, NotOnAir, NotShowing
from livestream.models import Room
from livestream.rules import crew
from livestream.rules.crew import MOST_ASSISTANTS, may_show
from livestream.rules.room import ON_AIR
from livestream.services.chat import announce
from merchants.models import Staff


def shows(room: Room, staff: Staff) -> bool:
    """Whether she may send the picture of this room."""
    return may_show(staff=staff.pk, role=staff.role, host=room.host_id, backup=room.backup_id)


def refuse_who_does_not_show(room: Room, by: Staff | None) -> None:
    """NotShowing for a colleague who helps. Nobody is the clock, or the picture itself.

    Asked of the row, which is held until the verb is done: the show may have been handed over since
    the page was opened, and is not handed over meanwhile.
    """
    if by is None:
        return
    rows = Room.objects.select_for_update(of=("self",), no_key=True)
    host, backup = rows.values_list("host", "backup").get(pk=room.pk)
    if not may_show(staff=by.pk, role=by.role, host=host, backup=backup):
        raise NotShowing


def helps(room: Room, staff: Staff) -> bool:
    """Whether she is one of those who help in this room and do not film."""
    helping = room.assistants.values_list("pk", flat=True)
    return crew.helps(
        staff=staff.pk, host=room.host_id, backup=room.backup_id, assistants=set(helping)
    )


@transaction.atomic
def set_crew(*, room: Room, backup: Staff | None, assistants: Collection[Staff]) -> Room:
    """Who stands in for the host, and who helps. The host is in neither. Raises BadCrew."""
    helping = [one for one in assistants if one.pk != room.host_id]
    if backup is not None and backup.pk == room.host_id:
        backup = None
    crew = [*helping, *([backup] if backup else [])]
    if len(helping) > MOST_ASSISTANTS or any(one.merchant_id != room.merchant_id for one in crew):
        raise BadCrew
    Room.objects.filter(pk=room.pk).update(backup=backup)
    room.backup = backup
    room.assistants.set(helping)
    return room


@transaction.atomic
def hand_over(*, room: Room, to: Staff, by: Staff | None = None) -> Room:
    """Another colleague is the host from now on, and who was it stands in for her.

    The picture goes on until the new host takes the camera over on her device; viewers read who is
    with them now. Raises BadCrew, NotOnAir, NotShowing.
    """
    if to.merchant_id != room.merchant_id:
        raise BadCrew
    before = Room.objects.select_for_update(of=("self",), no_key=True).get(pk=room.pk)
    refuse_who_does_not_show(room, by)
    if before.state not in ON_AIR:
        raise NotOnAir
    if before.host_id == to.pk:
        return room
    Room.objects.filter(pk=room.pk).update(host=to, backup=before.host_id)
    room.assistants.remove(to)
    room.refresh_from_db(fields=["host", "backup"])
    announce(room=room, text=_("%(name)s is with you now") % {"name": to.host_name})
    broadcast.host_changed(room)
    return room
