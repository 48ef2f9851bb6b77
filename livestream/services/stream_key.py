"""The right to publish through a media server: given, asked about, taken back.

A key is shown once and kept as a hash; it opens one stream of one room, for a day. Whoever sends by
it has a publication like any camera: the same fence, and one publisher at a time.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from livestream.errors import NoOtherApp, NotOnAir, NotShowing
from livestream.media.providers import other_provider
from livestream.media.providers.base import PublishGrant, Wish, same
from livestream.models import Publication, Room, StreamKey
from livestream.rules.room import ON_AIR
from livestream.services.crew import shows
from livestream.services.publication import media_arrived, open_publication
from merchants.errors import RuleBroken
from merchants.models import Staff

KEY_FOR = timedelta(hours=24)  # a reconnecting app brings the key it began with
_SPACE = UUID("6f0c5b0e-52a5-4d0a-9a57-0f9a3c2f6f11")  # of publishers behind media servers


@transaction.atomic
def issue_stream_key(*, room: Room, by: Staff) -> PublishGrant:
    """A new key for this room. Older ones end, and whoever sends by one is sent away.

    Raises NoOtherApp, NotShowing, or NotOnAir of a room that is over.
    """
    provider = other_provider()
    if provider is None:
        raise NoOtherApp
    if not shows(room, by):
        raise NotShowing
    if Room.objects.select_for_update(of=("self",)).get(pk=room.pk).is_over:
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
def revoke_stream_keys(*, room: Room) -> int:
    """Nobody publishes this room through a media server any more. Answers how many keys ended."""
    now = timezone.now()
    return room.stream_keys.filter(revoked_at=None).update(revoked_at=now)


def hash_of(secret: str) -> str:
    """A secret of 192 bits needs no salt and no slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_in_force(provider: str, name: str) -> StreamKey | None:
    """The key of a stream, held until the transaction ends; None if it opens nothing any more."""
    keys = StreamKey.objects.select_for_update(of=("self",)).select_related("room__merchant", "by")
    return keys.in_force(timezone.now()).filter(provider=provider, name=name[:40]).first()


@transaction.atomic
def admit(provider: str, wish: Wish) -> bool:
    """Whether somebody may publish, or go on publishing. Who may begin has the publication."""
    key = key_in_force(provider, wish.name)
    if key is None or not same(key.secret_hash, hash_of(wish.secret)):
        return False
    if not wish.publisher:
        return key.room.state in ON_AIR
    if wish.again:
        return goes_on(key, wish.publisher)
    return begin(key, wish.publisher)


def begin(key: StreamKey, publisher: str) -> bool:
    """Open the publication of a stream that starts; False if another one is being shown."""
    session = f"{key.name}/{publisher}"
    if key.room.state not in ON_AIR:
        return False
    try:
        with transaction.atomic():
            open_publication(
                room=key.room,
                publisher=uuid5(_SPACE, f"{key.provider}:{session}"),
                by=key.by,
                provider=key.provider,
                session=session,
            )
    except RuleBroken:
        return False
    return True


def goes_on(key: StreamKey, publisher: str) -> bool:
    """Media of this publisher came; False if it is not, or no longer, the one that counts."""
    current = newest(key, publisher)
    return current is not None and media_arrived(current) is not None


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
