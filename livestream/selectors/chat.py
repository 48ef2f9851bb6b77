"""Reads of the chat, shaped like what a room shows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from livestream import broadcast
from livestream.models import HeldLine, Message

Said = list[tuple[int, str]]  # id and event text, in the order of ids


def visible(room_id: int) -> QuerySet[Message]:
    """The lines that everyone in the room may see, each with what it replies to."""
    lines = Message.objects.filter(room_id=room_id, hidden=False, shadowed=False)
    return lines.select_related("reply_to").order_by("pk")


def seen_from(room_id: int, device: UUID | None, count: int) -> list[Message]:
    """The last lines as one device sees them: with its own that nobody else does."""
    if device is None:
        return latest(room_id, count)
    own = Q(shadowed=False) | Q(device=device)
    lines = Message.objects.filter(own, room_id=room_id, hidden=False).select_related("reply_to")
    return list(lines.order_by("-pk")[:count])[::-1]


def seen_by_staff(room_id: int, count: int) -> list[Message]:
    """The last lines with those that only their authors see."""
    lines = Message.objects.filter(room_id=room_id, hidden=False).select_related("reply_to")
    return list(lines.order_by("-pk")[:count])[::-1]


def own_shadowed(room_id: int, device: UUID, last_id: int, count: int) -> list[Message]:
    """What this device said after `last_id` that only it sees, oldest first."""
    lines = Message.objects.filter(
        room_id=room_id, device=device, shadowed=True, hidden=False, pk__gt=last_id
    )
    return list(lines.select_related("reply_to").order_by("-pk")[:count])[::-1]


def waiting(room_id: int) -> list[HeldLine]:
    """The lines that wait for approval, oldest first."""
    return list(HeldLine.objects.filter(room_id=room_id, judged_at=None).order_by("pk"))


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
