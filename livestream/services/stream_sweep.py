"""What we ask media servers because news gets lost: how publishers are, and that some go.

Whoever has a publication is looked after until she is over. Whoever streams without one is found by
her key, and put on the air. A key that opens nothing is forbidden where the server asks nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from livestream.media.providers import provider_named
from livestream.media.providers.base import ProviderDown, StreamProvider
from livestream.models import Publication, Room, StreamEvent, StreamKey
from livestream.models.publication import EMBEDDED
from livestream.rules.room import ON_AIR, OVER
from livestream.services.publication import media_arrived
from livestream.services.stream_end import close, forget, is_over, note, over_id
from livestream.services.stream_event import early_id
from livestream.services.stream_key import begin, goes_on, key_in_force, moved

logger = logging.getLogger(__name__)

LONGEST = timedelta(hours=26)  # no stream is older: a show lasts a day
FIRST_MEDIA = timedelta(seconds=20)  # what a stream may take to be seen at its server
MISSING = timedelta(seconds=8)  # for so long nobody must have seen her: four looks in a row


def tend_streams(now: datetime) -> int:
    """Send away whoever publishes and may not, and ask how the others are. Answers how many ended.

    A server that does not answer is asked again by the next sweep. Safe to run twice at once.
    """
    ended = 0
    recent = Publication.objects.exclude(provider=EMBEDDED).filter(started_at__gt=now - LONGEST)
    for one in recent.select_related("room__merchant"):
        if is_over(one):
            continue
        with _trouble(one.provider, one.room):
            ended += _tend(provider_named(one.provider), one, now)
    for key in _unclaimed(now):
        with _trouble(key.provider, key.room):
            _seek(provider_named(key.provider), key, now)
    for key in _dead_keys(now):
        with _trouble(key.provider, key.room):
            _forbid(provider_named(key.provider), key, now)
    return ended


@contextmanager
def _trouble(provider: str, room: Room) -> Iterator[None]:
    """Each has trouble of its own: the others must not wait for it."""
    try:
        yield
    except ProviderDown as trouble:
        logger.warning("%s of %s: %s", provider, room.public_id, trouble)
    except Exception:
        logger.exception("the stream of %s could not be looked after", room.public_id)


# --- those who have a publication -------------------------------------------------------------


def _tend(provider: StreamProvider, one: Publication, now: datetime) -> int:
    name, _, publisher = one.session.partition("/")
    if _is_wanted(one, name, now):
        _look(provider, one, now)
        return 0
    heirs = _heirs(one, name)
    if provider.caps.asks:
        heirs = [heir for heir in heirs if heir.session == one.session]
    if not heirs:  # else it is her heir who would be sent away
        provider.end(name, publisher)
    _sent_away(provider, one, name, now)
    return 1


def _heirs(one: Publication, name: str) -> list[Publication]:
    """Who came after her by the same key."""
    later = one.room.publications.filter(provider=one.provider, epoch__gt=one.epoch)
    return list(later.filter(session__startswith=f"{name}/"))


def _is_wanted(one: Publication, name: str, now: datetime) -> bool:
    room = one.room
    if one.ended_at or one.epoch != room.epoch or room.state not in ON_AIR:
        return False
    keys = StreamKey.objects.in_force(now)
    return keys.filter(provider=one.provider, name=name).exists()


@transaction.atomic
def _sent_away(provider: StreamProvider, one: Publication, name: str, now: datetime) -> None:
    """Whoever was sent away does not come back by the same key; whoever was back already may."""
    key = StreamKey.objects.select_related("room").get(provider=one.provider, name=name)
    if not _heirs(one, name):
        StreamKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
        if not provider.caps.asks:
            note(key, _forbidden_id(key), "forbidden")
    close(one)


def _look(provider: StreamProvider, one: Publication, now: datetime) -> None:
    """She is lost when she was not seen for a while, look after look: one answer may be wrong.

    She is sent away then, but her key is good: her app, if it still sends, comes again.
    """
    if not provider.caps.polled:
        return
    name, _, publisher = one.session.partition("/")
    absent = f"{one.session}@{one.epoch}:absent"
    try:
        status = provider.status(name, publisher)
    except ProviderDown:
        forget(one, absent)
        raise
    if status.live and status.publisher == publisher:
        forget(one, absent)
        if moved(one, status.progress):
            media_arrived(one)
        return
    event, _new = StreamEvent.objects.get_or_create(
        provider=one.provider,
        event_id=absent[:160],
        defaults={"room": one.room, "kind": "absent", "at": now},
    )
    seen = one.room.media_at is not None and one.room.media_at >= one.started_at
    if now - event.at < MISSING or (not seen and now - one.started_at < FIRST_MEDIA):
        return
    if provider.caps.asks:  # else that would forbid her name for good
        provider.end(name, publisher)
    with transaction.atomic():
        close(one)


# --- those who stream without one -------------------------------------------------------------


def _unclaimed(now: datetime) -> Iterator[StreamKey]:
    """Keys of shows on the air by which nobody has a publication."""
    keys = StreamKey.objects.in_force(now).filter(
        provider=settings.LIVE_PROVIDER, room__state__in=ON_AIR
    )
    for key in keys.select_related("room__merchant"):
        session = f"{key.name}/"
        if not key.room.publications.filter(session__startswith=session, ended_at=None).exists():
            yield key


def _seek(provider: StreamProvider, key: StreamKey, now: datetime) -> None:
    """Whoever sends by this key is the show from now on, or is sent away if another one is.

    Where the address is the permission she is left to send: she is not shown, and taken as soon as
    the room is free.
    """
    if not provider.caps.polled:
        return
    publisher = _last_known(provider, key)
    status = provider.status(key.name, publisher)
    if not status.live:
        return
    publisher = status.publisher or publisher or f"seen-{int(now.timestamp())}"
    if not _adopt(key, publisher) and provider.caps.asks:
        provider.end(key.name, publisher)


def _last_known(provider: StreamProvider, key: StreamKey) -> str:
    """Her number as we heard it last: of a beginning without an end, or of a publication."""
    if provider.caps.asks:
        last = key.room.publications.filter(session__startswith=f"{key.name}/").last()
        return last.session.partition("/")[2] if last else ""
    heard = StreamEvent.objects.filter(
        provider=key.provider, kind="started", event_id__startswith=f"{key.name}/"
    )
    for event in heard.order_by("-pk"):
        publisher = event.event_id.partition("/")[2].rpartition(":")[0]
        over = [early_id(key.name, publisher)]
        over += [over_id(one) for one in _had(key, publisher)]
        if not StreamEvent.objects.filter(provider=key.provider, event_id__in=over).exists():
            return publisher
    return ""


def _had(key: StreamKey, publisher: str) -> list[Publication]:
    return list(key.room.publications.filter(session=f"{key.name}/{publisher}"))


@transaction.atomic
def _adopt(key: StreamKey, publisher: str) -> bool:
    held = key_in_force(key.provider, key.name)
    if held is None:
        return False
    if held.room.publications.filter(session__startswith=f"{key.name}/", ended_at=None).exists():
        return True  # meanwhile she was let in
    if not begin(held, publisher):
        return False
    held.room.refresh_from_db()
    return goes_on(held, publisher)


# --- keys that open nothing -------------------------------------------------------------------


def _dead_keys(now: datetime) -> Iterator[StreamKey]:
    """Of a server that asks nobody: those that it would still obey."""
    if settings.LIVE_PROVIDER == EMBEDDED or provider_named(settings.LIVE_PROVIDER).caps.asks:
        return
    valid = StreamKey.objects.filter(provider=settings.LIVE_PROVIDER, expires_at__gt=now)
    good = StreamKey.objects.in_force(now).exclude(room__state__in=OVER)
    for key in valid.exclude(pk__in=good.values("pk")).select_related("room"):
        done = StreamEvent.objects.filter(provider=key.provider, event_id=_forbidden_id(key))
        if not done.exists():
            yield key


def _forbid(provider: StreamProvider, key: StreamKey, now: datetime) -> None:
    provider.end(key.name, "")
    StreamKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    note(key, _forbidden_id(key), "forbidden")


def _forbidden_id(key: StreamKey) -> str:
    return f"{key.name}:forbidden"
