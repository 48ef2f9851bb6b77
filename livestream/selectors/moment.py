"""What there is to look at before lines are said: mostly nothing, and one query tells."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Exists, OuterRef, Subquery

from livestream.models import Draw, HeldLine, Room, Sanction, Spotlight
from livestream.rules.draw import DrawState, EntryBy


class Moment(NamedTuple):
    """What of a room concerns the lines that are said in it now."""

    item: int | None  # that is being explained
    has_draw: bool  # one is open that is entered by a comment
    has_sanctions: bool  # the shop has taken measures against someone
    has_held: bool  # lines were held for approval here


_room = OuterRef("pk")
_MOMENT = Room.objects.values_list(
    Subquery(Spotlight.objects.filter(room=_room, closed_at=None).order_by().values("item")[:1]),
    Exists(Draw.objects.filter(room=_room, state=DrawState.OPEN, entry_by=EntryBy.COMMENT)),
    Exists(Sanction.objects.filter(merchant=OuterRef("merchant"), lifted_at=None)),
    Exists(HeldLine.objects.filter(room=_room)),
)


def moment_of(room_id: int) -> Moment:
    """Ask once the room's row is locked, in a query of its own: what was committed while we waited
    for the lock is seen (PostgreSQL answers a waiting query from before its wait).
    """
    return Moment(*_MOMENT.get(pk=room_id))
