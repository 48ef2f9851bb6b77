"""What media servers tell us, heard once each, and what we ask them because news gets lost.

A publisher is known by stream and number together. What is told of any other than the newest of its
room changes nothing: a second one that was refused is “done” as well, and a stop may come late.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from livestream.media.providers import provider_named
from livestream.media.providers.base import Happening, Kind, ProviderDown, StreamProvider
from livestream.models import Publication, Room, StreamEvent, StreamKey
from livestream.models.publication import EMBEDDED
from livestream.rules.room import ON_AIR, RoomState
from livestream.services.publication import close_publication, media_arrived
from livestream.services.room import interrupt_room
from livestream.services.stream_key import begin, goes_on, key_in_force, newest
from livestream.services.take import keep_take
from merchants.errors import RuleBroken

logger = logging.getLogger(__name__)

LONGEST = timedelta(hours=26)  # no stream is older: a show lasts a day
FIRST_MEDIA = timedelta(seconds=10)  # what a stream may take to be seen at its server


@transaction.atomic
def hear(provider: StreamProvider, happening: Happening) -> bool:
    """Let it have its effect, once; answers whether it was news."""
    keys = StreamKey.objects.select_related("room__merchant")
    key = keys.filter(provider=provider.name, name=happening.name[:40]).first()
    if key is None or not _note(key, happening.event_id, happening.kind):
        return False
    match happening.kind:
        case Kind.STARTED:
            _started(key, happening)
        case Kind.STOPPED:
            _stopped(key, happening.publisher)
        case Kind.RECORDED:
            transaction.on_commit(lambda: keep_take(room=key.room, path=happening.path))
    return True


def _note(key: StreamKey, event_id: str, kind: str) -> bool:
    """Write down that it was heard; False if it had been before."""
    _event, new = StreamEvent.objects.get_or_create(
        provider=key.provider,
        event_id=event_id[:160],
        defaults={"room": key.room, "kind": kind, "at": timezone.now()},
    )
    return new


def _started(key: StreamKey, happening: Happening) -> None:
    """Of a server that asks nobody: it has let her in, and we judge now."""
    over = _over_id(key.name, happening.publisher)
    if StreamEvent.objects.filter(provider=key.provider, event_id=over).exists():
        return  # its end overtook its beginning
    held = key_in_force(key.provider, key.name)
    if held and begin(held, happening.publisher):
        held.room.refresh_from_db()
        goes_on(held, happening.publisher)


def _stopped(key: StreamKey, publisher: str) -> None:
    _note(key, _over_id(key.name, publisher), "over")
    key.room.refresh_from_db()
    current = newest(key, publisher)
    if current is not None:
        close_publication(current)
        _interrupt(key.room)


def _over_id(name: str, publisher: str) -> str:
    return f"{name}/{publisher}:over"[:160]


def _interrupt(room: Room) -> None:
    if room.state != RoomState.LIVE:
        return
    try:
        with transaction.atomic():
            interrupt_room(room=room)
    except RuleBroken:
        logger.info("%s moved on while its stream stopped", room.public_id)


def tend_streams(now: datetime) -> int:
    """Send away whoever publishes and may not, and ask how the others are. Answers how many ended.

    A server that does not answer is asked again by the next sweep. Safe to run twice at once.
    """
    ended = 0
    recent = Publication.objects.exclude(provider=EMBEDDED).filter(started_at__gt=now - LONGEST)
    for one in recent.select_related("room__merchant"):
        name, _, publisher = one.session.partition("/")
        if _is_over(one, name, publisher):
            continue
        try:
            provider = provider_named(one.provider)
            if _is_wanted(one, name, now):
                _look(provider, one, name, publisher, now)
            else:
                provider.end(name, publisher)
                _sent_away(one, name, publisher, now)
                ended += 1
        except ProviderDown as trouble:
            logger.warning("%s of %s: %s", one.provider, one.room.public_id, trouble)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("the stream of %s could not be looked after", one.room.public_id)
    return ended


def _is_over(one: Publication, name: str, publisher: str) -> bool:
    over = _over_id(name, publisher)
    return StreamEvent.objects.filter(provider=one.provider, event_id=over).exists()


def _is_wanted(one: Publication, name: str, now: datetime) -> bool:
    room = one.room
    if one.ended_at or one.epoch != room.epoch or room.state not in ON_AIR:
        return False
    keys = StreamKey.objects.in_force(now)
    return keys.filter(provider=one.provider, name=name).exists()


@transaction.atomic
def _sent_away(one: Publication, name: str, publisher: str, now: datetime) -> None:
    """Whoever was sent away does not come back by the same key; whoever is back already stays."""
    key = StreamKey.objects.select_related("room").get(provider=one.provider, name=name)
    back = key.room.publications.filter(session__startswith=f"{name}/", ended_at=None)
    if not back.exclude(pk=one.pk).exists():
        StreamKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    _note(key, _over_id(name, publisher), "over")
    one.room.refresh_from_db()
    if one.ended_at is None:
        close_publication(one)
        if one.room.epoch == one.epoch:
            _interrupt(one.room)


def _look(
    provider: StreamProvider, one: Publication, name: str, publisher: str, now: datetime
) -> None:
    if not provider.caps.polled:
        return
    status = provider.status(name, publisher)
    if status.live and status.publisher == publisher:
        media_arrived(one)
    elif now - one.started_at > FIRST_MEDIA:
        event_id = f"{name}/{publisher}:lost"
        hear(provider, Happening(Kind.STOPPED, name, publisher, event_id))
