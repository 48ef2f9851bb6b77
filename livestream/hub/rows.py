"""What a hub asks of the database, off the event loop.

Reads may run two at a time. Writes go through one thread: gathered and one after the other is what
SQLite wants, and PostgreSQL does not mind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone

from config.connection import with_connection
from livestream import broadcast
from livestream.models import Room
from livestream.rules.presence import Stay
from livestream.selectors import chat
from livestream.selectors.presence import present
from livestream.services.chat import say_all
from livestream.services.like import fold
from livestream.services.line import Line, Outcome
from livestream.services.presence import note_stays
from merchants.models import Staff

T = TypeVar("T")

_readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="room-reads")
_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="room-writes")


@dataclass(frozen=True)
class Opening:
    """What a hub starts from."""

    likes: int = 0
    floor: int = 0  # every visible line with a higher id is in `said`
    said: list[tuple[int, str]] = field(default_factory=list)


async def read(job: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a read in one of the readers' threads."""
    return await _run(_readers, lambda: job(*args, **kwargs))


async def write(verb: Callable[..., T], **kwargs: Any) -> T:
    """Run a verb in the writer's thread, after all that were asked for before."""
    return await _run(_writer, lambda: verb(**kwargs))


async def _run(pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, with_connection, job)


class Rows:
    """The rows behind a room, as a hub needs them."""

    async def opening(self, room_id: int, count: int) -> Opening:
        return await read(_opening, room_id, count)

    async def said_after(self, room_id: int, last_id: int, count: int) -> list[tuple[int, str]]:
        return await read(lambda: chat.as_events(chat.after(room_id, last_id, count)))

    async def shadowed_after(
        self, room_id: int, last_id: int, count: int, device: UUID | None
    ) -> list[str]:
        """What only its authors see: of one device, or for the staff of all, and marked."""
        lines = await read(chat.shadowed_after, room_id, last_id, count, device)
        mark = {"shadowed": True} if device is None else {}
        return [broadcast.encode({**broadcast.said_event(line), **mark}) for line in lines]

    async def tally(self, room_id: int, last_id: int) -> tuple[int, int]:
        """(visible lines after `last_id`, likes)"""
        return await read(lambda: (chat.count_after(room_id, last_id), _likes(room_id)))

    async def snapshot(self, room_id: int) -> str | None:
        return await read(_snapshot, room_id)

    async def count(self, room_id: int, likes: int, peak: int) -> None:
        await write(fold, room_id=room_id, likes=likes, peak=peak)

    async def attend(self, room_id: int, stays: list[Stay], viewers: int) -> None:
        await write(note_stays, room_id=room_id, stays=stays, viewers=viewers)

    async def present(self, room_id: int, seconds: float) -> int:
        return await read(present, room_id, timezone.now() - timedelta(seconds=seconds))

    async def say(self, room_id: int, lines: list[Line]) -> list[Outcome]:
        return await write(say_all, room_id=room_id, lines=lines)

    async def still_staff(self, room_id: int, users: set[int]) -> set[int]:
        return await read(_still_staff, room_id, users)


def _opening(room_id: int, count: int) -> Opening:
    messages = chat.latest(room_id, count)
    complete = len(messages) < count
    floor = 0 if complete else messages[0].pk - 1
    return Opening(likes=_likes(room_id), floor=floor, said=chat.as_events(messages))


def _likes(room_id: int) -> int:
    return Room.objects.values_list("likes", flat=True).get(pk=room_id)


def _snapshot(room_id: int) -> str | None:
    from livestream.selectors import room as selector

    room = Room.objects.select_related("merchant", "host").get(pk=room_id)
    return broadcast.encode({"type": "room.state", **selector.snapshot(room)})


def _still_staff(room_id: int, users: set[int]) -> set[int]:
    return set(
        Staff.objects.filter(
            user_id__in=users, user__is_active=True, merchant__rooms=room_id
        ).values_list("user_id", flat=True)
    )
