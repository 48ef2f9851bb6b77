"""The right to publish through a media server: given, asked about, taken back.

A key is shown once and kept as a hash; it opens one stream of one room, for a day. Whoever sends by
it has a publication like any camera: the same fence, and one publisher at a time.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID, uuid5

from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from livestream.errors import NoOtherApp, NotOnAir
from livestream.media.providers import other_provider, provider_named
from livestream.media.providers.base import PublishGrant, Wish, same
from livestream.models import Publication, Room, StreamKey
from livestream.models.publication import TAKEOVER
from livestream.rules.room import ON_AIR
from livestream.services.crew import refuse_who_does_not_show
from livestream.services.publication import (
    FRESH,
    media_arrived,
    open_publication,
    still_wanted,
)
from livestream.services.stream_end import note, send_away
from merchants.errors import RuleBroken
from merchants.models import Staff

KEY_FOR = timedelta(hours=24)  # a reconnecting app brings the key it began with
QUIET = timedelta(seconds=5)  # who comes by the same key after it takes the room from her dead self
_SPACE = UUID("6f0c5b0e-52a5-4d0a-9a57-0f9a3c2f6f11")  # of publishers behind media servers


@transaction.atomic
def issue_stream_key(*, room: Room, by: Staff) -> PublishGrant:
    """A new key for this room. Older ones end, and whoever sends by one is sent away.

    Raises NoOtherApp, NotShowing, or NotOnAir of a room that is over.
    """
    provider = other_provider()
    if provider is None:
        raise NoOtherApp
    refuse_who_does_not_show(room, by)
    if Room.objects.select_for_update(of=("self",), no_key=True).get(pk=room.pk).is_over:
        raise NotOnAir
    now = timezone.now()
    room.stream_keys.filter(revoked_at=None).update(revoked_at=now)
    name, secret = f"s{secrets.token_hex(10)}", secrets.token_urlsafe(24)
    grant = provider.issue_publish(name, secret, now + KEY_FOR)
    room.stream_keys.create(
        provider=provider.name,
        name=name,
        secret_hash=hash_of(secret),
        by=by,
        issued_at=now,
        expires_at=grant.expires_at,
    )
    return grant


@transaction.atomic
def revoke_stream_keys(*, room: Room, by: Staff | None = None) -> int:
    """Nobody publishes this room through a media server any more. Answers how many keys ended.

    Raises NotShowing.
    """
    refuse_who_does_not_show(room, by)
    now = timezone.now()
    return room.stream_keys.filter(revoked_at=None).update(revoked_at=now)


def hash_of(secret: str) -> str:
    """A secret of 192 bits needs no salt and no slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_in_force(provider: str, name: str) -> StreamKey | None:
    """The key of a stream, held until the transaction ends; None if it opens nothing any more."""
    keys = StreamKey.objects.select_for_update(of=("self",)).select_related("room__merchant", "by")
    return keys.in_force(timezone.now()).filter(provider=provider, name=name[:40]).first()


def admit(provider: str, wish: Wish) -> bool:
    """Whether somebody may publish, or go on publishing. Who may begin has the publication.

    Her dead self is sent away before she hears “yes”: a server that still believes in it would
    refuse her. Where the picture is ours the fence does, and the sweep sends it away.
    """
    yes = _judge(provider, wish)
    carrier = provider_named(provider)
    if yes and wish.publisher and not wish.again and not carrier.caps.ours:
        for dead in _others(provider, wish.name, wish.publisher):
            send_away(carrier, dead)
    return yes


@transaction.atomic
def _judge(provider: str, wish: Wish) -> bool:
    key = key_in_force(provider, wish.name)
    if key is None or not same(key.secret_hash, hash_of(wish.secret)):
        return False
    if not wish.publisher:
        return key.room.state in ON_AIR
    if wish.again:
        return goes_on(key, wish.publisher, wish.progress)
    return begin(key, wish.publisher)


def begin(key: StreamKey, publisher: str) -> bool:
    """Open the publication of a stream that starts; False if another one is being shown.

    One by the same key is not being shown any more when nothing of it has come for QUIET; where
    nobody is asked, not since its server has let this one in.
    """
    session = f"{key.name}/{publisher}"
    if key.room.state not in ON_AIR:
        return False
    before = key.room.publications.filter(ended_at=None).first()
    patience, own = FRESH, before is not None and before.session.startswith(f"{key.name}/")
    if own:
        patience = QUIET if provider_named(key.provider).caps.asks else timedelta(0)
    try:
        with transaction.atomic():
            opened = open_publication(
                room=key.room,
                publisher=uuid5(_SPACE, f"{key.provider}:{session}"),
                by=key.by,
                patience=patience,
                provider=key.provider,
                session=session,
            )
    except RuleBroken:
        return False
    if own and before is not None and before.session != session:
        note(opened, f"{session}@{opened.epoch}:{TAKEOVER}", TAKEOVER)
    return True


def goes_on(key: StreamKey, publisher: str, progress: str = "") -> bool:
    """She publishes still; False if she is not, or no longer, the one that counts.

    That media came is noted unless `progress` is the same as before: a server believes in a dead
    publisher for a while.
    """
    current = newest(key, publisher)
    if current is None:
        return False
    if not moved(current, progress):
        return still_wanted(current) is not None
    return media_arrived(current) is not None


def moved(one: Publication, progress: str) -> bool:
    """Whether media came since it was last asked; so it did where the server does not say."""
    if not progress:
        return True
    own = caches["own"]  # of this process: a Redis that is dead must cut no picture
    name = f"stream:{one.pk}"
    before = own.get(name)
    own.set(name, progress, 60)
    return bool(progress != before)


def newest(key: StreamKey, publisher: str) -> Publication | None:
    """The open publication of this publisher, if no later one has fenced it off."""
    session = f"{key.name}/{publisher}"
    found = key.room.publications.filter(
        provider=key.provider, session=session, ended_at=None, epoch=key.room.epoch
    )
    return found.select_related("room").first()


def publication_of(provider: str, name: str, publisher: str) -> Publication | None:
    """The open publication of a publisher whom we have let in."""
    found = Publication.objects.filter(
        provider=provider, session=f"{name}/{publisher}", ended_at=None
    )
    return found.select_related("room").first()


def _others(provider: str, name: str, publisher: str) -> list[Publication]:
    """Those by the same key who were closed only because this one has begun."""
    key = StreamKey.objects.filter(provider=provider, name=name[:40]).first()
    if key is None:
        return []
    session = f"{name}/{publisher}"
    current = key.room.publications.filter(session=session, ended_at=None).first()
    earlier = key.room.publications.filter(
        provider=provider,
        session__startswith=f"{name}/",
        ended_at=current.started_at if current else None,
    )
    return list(earlier.exclude(session=session).select_related("room"))
