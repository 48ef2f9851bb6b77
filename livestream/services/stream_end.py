"""The end of a publisher behind a media server: told or asked for, and noted once.

It is noted of one publication, by its epoch: a server that has begun anew may count its publishers
from one again.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from livestream.media.providers.base import ProviderDown, StreamProvider
from livestream.models import Publication, Room, StreamEvent, StreamKey
from livestream.rules.room import RoomState
from livestream.services.publication import close_publication
from livestream.services.room import interrupt_room
from merchants.errors import RuleBroken

logger = logging.getLogger(__name__)


def note(of: Publication | StreamKey, event_id: str, kind: str) -> bool:
    """Write down that it was heard or done; False if it had been before."""
    _event, new = StreamEvent.objects.get_or_create(
        provider=of.provider,
        event_id=event_id[:160],
        defaults={"room": of.room, "kind": kind, "at": timezone.now()},
    )
    return new


def forget(one: Publication, event_id: str) -> None:
    """As if it had never been noted."""
    StreamEvent.objects.filter(provider=one.provider, event_id=event_id[:160]).delete()


def is_over(one: Publication) -> bool:
    """Whether nothing is left of her at her server."""
    return StreamEvent.objects.filter(provider=one.provider, event_id=over_id(one)).exists()


def over_id(one: Publication) -> str:
    return f"{one.session}@{one.epoch}:over"[:160]


def close(one: Publication) -> None:
    """Nothing comes of her any more; if she was the show, it is interrupted."""
    note(one, over_id(one), "over")
    one.room.refresh_from_db()
    if one.ended_at is None:
        close_publication(one)
        if one.room.epoch == one.epoch:
            interrupt(one.room)


def interrupt(room: Room) -> None:
    if room.state != RoomState.LIVE:
        return
    try:
        with transaction.atomic():
            interrupt_room(room=room)
    except RuleBroken:
        logger.info("%s moved on while its stream stopped", room.public_id)


def send_away(provider: StreamProvider, one: Publication) -> bool:
    """Ask her server to end her, and note it; else the sweep asks again."""
    name, _, publisher = one.session.partition("/")
    try:
        provider.end(name, publisher)
    except ProviderDown as trouble:
        logger.warning("%s of %s: %s", one.provider, one.room.public_id, trouble)
        return False
    note(one, over_id(one), "over")
    return True
