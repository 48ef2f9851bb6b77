"""Reads of the chat, shaped like what a room shows."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from livestream import broadcast
from livestream.models import Message

Said = list[tuple[int, str]]  # id and event text, in the order of ids


def visible(room_id: int) -> QuerySet[Message]:
    """The lines that everyone in the room may see."""
    return Message.objects.filter(room_id=room_id, hidden=False).order_by("pk")


def latest(room_id: int, count: int) -> list[Message]:
    """The last lines, oldest first."""
    return list(visible(room_id).reverse()[:count])[::-1]


def after(room_id: int, last_id: int, count: int) -> list[Message]:
    """The newest `count` of the lines after `last_id`, oldest first."""
    return list(visible(room_id).filter(pk__gt=last_id).reverse()[:count])[::-1]


def count_after(room_id: int, last_id: int) -> int:
    return visible(room_id).filter(pk__gt=last_id).count()


def as_events(messages: Iterable[Message]) -> Said:
    """Lines as the hub keeps them and browsers get them."""
    return [(message.pk, broadcast.encode(broadcast.said_event(message))) for message in messages]
