"""What media servers tell us, heard once each. What is lost of it `stream_sweep` finds by asking.

A publisher is known by stream and number together. What is told of any other than the newest of its
room changes nothing: a second one that was refused is “done” as well, and a stop may come late.
"""

from __future__ import annotations

from django.db import transaction

from livestream.media.providers.base import Happening, Kind, StreamProvider
from livestream.models import Publication, StreamEvent, StreamKey
from livestream.services.stream_end import close, note
from livestream.services.stream_key import begin, goes_on, key_in_force, newest
from livestream.services.take import receive_take


@transaction.atomic
def hear(provider: StreamProvider, happening: Happening) -> bool:
    """Let it have its effect, once; answers whether it was news."""
    keys = StreamKey.objects.select_related("room__merchant")
    key = keys.filter(provider=provider.name, name=happening.name[:40]).first()
    if key is None:
        return False
    known, event_id = _last(key, happening.publisher), happening.event_id
    if happening.kind is Kind.STOPPED and known is not None:
        event_id += f"@{known.epoch}"  # numbers may begin again with their server
    if not note(key, event_id, happening.kind):
        return False
    match happening.kind:
        case Kind.STARTED:
            _started(key, happening.publisher)
        case Kind.STOPPED if known is None:
            note(key, early_id(key.name, happening.publisher), "over")
        case Kind.STOPPED if known is not None:
            close(known)
        case Kind.RECORDED:
            transaction.on_commit(
                lambda: receive_take(room=key.room, provider=key.provider, event_id=event_id)
            )
    return True


def _last(key: StreamKey, publisher: str) -> Publication | None:
    """What this publisher has, or had last."""
    found = key.room.publications.filter(
        provider=key.provider, session=f"{key.name}/{publisher}"
    ).select_related("room")
    return found.order_by("-epoch").first()


def early_id(name: str, publisher: str) -> str:
    """Of an end that overtook its beginning."""
    return f"{name}/{publisher}:over"[:160]


def _started(key: StreamKey, publisher: str) -> None:
    """Of a server that asks nobody: it has let her in, and we judge now."""
    over = early_id(key.name, publisher)
    if StreamEvent.objects.filter(provider=key.provider, event_id=over).exists():
        return
    held = key_in_force(key.provider, key.name)
    if held and (newest(held, publisher) or begin(held, publisher)):
        held.room.refresh_from_db()
        goes_on(held, publisher)
