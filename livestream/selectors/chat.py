"""Reads of the chat, shaped like what a room shows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from livestream import broadcast
from livestream.models import HeldLine, Message, Room

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


def shadowed_after(
    room_id: int, last_id: int, count: int, device: UUID | None = None
) -> list[Message]:
    """What was said after `last_id` that only its authors see, oldest first: by one device, or, for
    the staff, by all.
    """
    lines = Message.objects.filter(room_id=room_id, shadowed=True, hidden=False, pk__gt=last_id)
    if device is not None:
        lines = lines.filter(device=device)
    return list(lines.select_related("reply_to").order_by("-pk")[:count])[::-1]


def waiting(room_id: int, count: int = 100) -> list[HeldLine]:
    """The first `count` lines that wait for approval, oldest first."""
    return list(HeldLine.objects.filter(room_id=room_id, judged_at=None).order_by("pk")[:count])


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


def as_table(room: Room) -> Iterator[list[str]]:
    """Every line of a room for a sheet: when, who, what, and what became of it."""
    yield [_("Time"), _("Name"), _("Badge"), _("Text"), _("In reply to"), _("State")]
    for one in _all_lines(room):
        answered = one.reply_to.text if one.reply_to else ""
        at = timezone.localtime(one.at).strftime("%Y-%m-%d %H:%M:%S")
        badge = one.get_badge_display() if one.badge else ""
        yield [at, one.author_name, badge, one.text, answered, _state(one)]


def _all_lines(room: Room) -> Iterator[Message | HeldLine]:
    """Said and held lines in the order of time, a thousand in memory."""
    said = room.messages.select_related("reply_to").order_by("at", "pk").iterator(1_000)
    held = HeldLine.objects.filter(room=room, message=None).select_related("reply_to")
    return heapq.merge(said, held.order_by("at", "pk").iterator(1_000), key=lambda one: one.at)


def _state(one: Message | HeldLine) -> str:
    if isinstance(one, HeldLine):
        return _("Not let through") if one.judged_at else _("Waits for approval")
    if one.hidden:
        return _("Taken away")
    return _("Seen by its author alone") if one.shadowed else ""
