"""The WebSocket edge of a camera: /ws/publish/<room>/. docs/media.md has the frames.

browser  {"type": "publish.hello", "publisher": uuid, "mime": …, "takeover": bool}
         binary chunks of one recorder …
         {"type": "publish.recorder", "mime": …}      a new recorder begins
         {"type": "publish.bye"}                      stopped on purpose
server   publish.open · publish.ack · publish.restart · publish.refused, then a close code
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import time
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from livestream.consumers.door import language_of, same_origin
from livestream.errors import NotOnAir
from livestream.media.disk import on_disk
from livestream.media.encoder import NoEncoder, UnknownContainer, container
from livestream.media.ingest import Ingest, Trouble
from livestream.media.readiness import SMALLEST_DISK
from livestream.media.reel import Fenced
from livestream.models import Publication, Room
from livestream.rules.bitrate import LARGEST_CHUNK, Budget, spend
from livestream.rules.room import RoomState
from livestream.services import publication as verbs
from merchants.access import staff_for
from merchants.errors import RuleBroken
from merchants.models import Staff

logger = logging.getLogger(__name__)

# Our close codes are 4000 + the HTTP status that means the same.
BAD_FRAME, SIGN_IN, FORBIDDEN, NOT_FOUND, IDLE, TAKEN, GONE = (
    4400,
    4401,
    4403,
    4404,
    4408,
    4409,
    4410,
)
TOO_LARGE, BAD_MEDIA, TOO_FAST, NO_ENCODER, FULL = 4413, 4415, 4429, 4503, 4507
HEARTBEAT = 2.0  # seconds between two notes that media arrives
SILENCE = 30.0  # seconds without a frame
LONGEST_TEXT = 2000
PARTING = 1.0  # seconds that a predecessor gets to leave
BARREN = 5  # recorders in a row without a single picture

_publishing: dict[int, PublishConsumer] = {}  # by room: those of this process


class PublishConsumer(AsyncWebsocketConsumer):
    """One camera of one room."""

    room: Room
    staff: Staff
    publication: Publication | None = None
    ingest: Ingest | None = None
    watch: asyncio.Task[None] | None = None
    parting: asyncio.Task[None] | None = None
    state = RoomState.LIVE
    received = 0
    parts_noted = 0
    leaving = False

    async def connect(self) -> None:
        await self.accept()
        user = self.scope.get("user")
        if not same_origin(self.scope):
            await self.close(FORBIDDEN)
            return
        if user is None or not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        staff, room = await self._find(user, self.scope["url_route"]["kwargs"]["room"])
        if staff is None or room is None:
            await self.close(NOT_FOUND)  # a stranger must not learn that the room exists
            return
        self.staff, self.room = staff, room
        self.budget = Budget(at=time.monotonic())
        self.heard_at = time.monotonic()
        self.watch = asyncio.create_task(self._watch())

    @database_sync_to_async
    def _find(self, user: Any, public_id: str) -> tuple[Staff | None, Room | None]:
        room = Room.objects.select_related("merchant").filter(public_id=public_id).first()
        return (staff_for(user, room.merchant.slug) if room else None), room

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame: a chunk of the recorder, or a word about it."""
        if self.leaving or self.watch is None:
            return
        self.heard_at = time.monotonic()
        if bytes_data is not None:
            await self._take(bytes_data)
            return
        try:
            frame = json.loads((text_data or "")[:LONGEST_TEXT])
        except (ValueError, RecursionError):
            frame = None
        await self._obey(frame)

    async def _obey(self, frame: Any) -> None:
        match frame:
            case {"type": "publish.hello", "publisher": str(publisher), "mime": str(mime)} if (
                self.publication is None and _is_uuid(publisher) and len(mime) <= 120
            ):
                await self._open(UUID(publisher), mime, takeover=frame.get("takeover") is True)
            case {"type": "publish.recorder", "mime": str(mime)} if (
                self.publication and len(mime) <= 120
            ):
                await self._begin(mime)
            case {"type": "publish.bye"} if self.publication:
                await self.leave(1000)
            case _:
                await self.leave(BAD_FRAME)

    async def _open(self, publisher: UUID, mime: str, *, takeover: bool) -> None:
        try:
            container(mime)
            self.publication = await self._open_publication(publisher, mime, takeover)
        except UnknownContainer:
            await self.leave(BAD_MEDIA)
            return
        except RuleBroken as refusal:
            frame = {"type": "publish.refused", "code": refusal.code, "text": str(refusal)}
            await self._say(frame)
            await self.leave(GONE if isinstance(refusal, NotOnAir) else 4000 + refusal.status)
            return
        self.state = RoomState(self.publication.room.state)
        await self._replace(_publishing.get(self.room.pk))
        _publishing[self.room.pk] = self
        if await self._claim(self.publication):
            await self._say({"type": "publish.open", "epoch": self.publication.epoch})
            await self._begin(mime)

    @database_sync_to_async
    def _open_publication(self, publisher: UUID, mime: str, takeover: bool) -> Publication:
        with translation.override(language_of(self.scope)):
            return verbs.open_publication(
                room=self.room, publisher=publisher, by=self.staff, codec=mime, takeover=takeover
            )

    async def _replace(self, predecessor: PublishConsumer | None) -> None:
        """Send away who published before. A half-open socket hangs: it must not hold us up."""
        if predecessor is not None and predecessor is not self:
            self.parting = asyncio.create_task(predecessor.leave(TAKEN))
            await asyncio.wait([self.parting], timeout=PARTING)

    async def _claim(self, publication: Publication) -> bool:
        folder = verbs.media_folder(self.room, self.state)
        if self.state == RoomState.REHEARSING:
            await on_disk(shutil.rmtree, folder, True)  # a rehearsal leaves nothing behind
        try:
            self.ingest = await Ingest.open(folder, publication.epoch, self._on_trouble)
        except Fenced:
            await self.leave(TAKEN)
        except OSError:
            logger.exception("cannot open %s", folder)
            await self.leave(FULL)
        return self.ingest is not None

    async def _begin(self, mime: str) -> None:
        if self.ingest is None:
            return  # between two stages: a restart is on its way
        try:
            await self.ingest.begin(mime)
        except UnknownContainer:
            await self.leave(BAD_MEDIA)
        except NoEncoder:
            await self.leave(NO_ENCODER)

    async def _take(self, chunk: bytes) -> None:
        if self.publication is None:
            await self.leave(BAD_FRAME)
            return
        if len(chunk) > LARGEST_CHUNK:
            await self.leave(TOO_LARGE)
            return
        budget = spend(self.budget, len(chunk), time.monotonic())
        if budget is None:
            await self.leave(TOO_FAST)
            return
        self.budget = budget
        lag = 0
        if self.ingest is not None:
            await self.ingest.write(chunk)  # without an encoder, a restart is already on its way
            lag = round(self.ingest.lag * 1000)
        self.received += len(chunk)
        await self._say({"type": "publish.ack", "bytes": self.received, "lag": lag})

    async def _on_trouble(self, trouble: Trouble) -> None:
        if self.ingest is None or self.publication is None or self.leaving:
            return
        if trouble is Trouble.FENCED:
            await self.leave(await self._why_fenced(self.publication))
        elif trouble is Trouble.FULL:
            await self.leave(FULL)
        elif self.ingest.barren >= BARREN:
            await self.leave(BAD_MEDIA)
        else:
            await asyncio.sleep(0.2 * self.ingest.barren)
            await self._say({"type": "publish.restart"})

    async def _why_fenced(self, publication: Publication) -> int:
        room = await Room.objects.filter(pk=self.room.pk).afirst()
        return TAKEN if room and room.epoch > publication.epoch else GONE

    async def _watch(self) -> None:
        """Every HEARTBEAT: media noted, membership and room looked at again, silence ended."""
        while not self.leaving:
            await asyncio.sleep(HEARTBEAT)
            if time.monotonic() - self.heard_at > SILENCE:
                await self.leave(IDLE)
            elif self.publication is not None and self.ingest is not None:
                await self._heartbeat(self.publication, self.ingest)

    async def _heartbeat(self, publication: Publication, ingest: Ingest) -> None:
        arrived, self.parts_noted = ingest.parts > self.parts_noted, ingest.parts
        verb = verbs.media_arrived if arrived else verbs.still_wanted
        try:
            state = await database_sync_to_async(verb)(publication)
            welcome = await self._is_still_staff()
            free = await on_disk(shutil.disk_usage, ingest.reel.folder)
        except Exception:  # a database that is busy must not cost the shop its picture
            logger.exception("heartbeat of %s", self.room.public_id)
            return
        if state is None:
            await self.leave(await self._why_fenced(publication))
        elif not welcome:
            await self.leave(NOT_FOUND)
        elif free.free < SMALLEST_DISK:
            await self.leave(FULL)
        elif (state == RoomState.REHEARSING) != (self.state == RoomState.REHEARSING):
            await self._move_stage(publication, ingest, state)

    @database_sync_to_async
    def _is_still_staff(self) -> bool:
        return Staff.objects.filter(pk=self.staff.pk, user__is_active=True).exists()

    async def _move_stage(self, publication: Publication, old: Ingest, state: RoomState) -> None:
        """The rehearsal became the show, or the other way about: media goes elsewhere from now."""
        self.ingest, self.state = None, state
        await old.close()
        self.parts_noted = 0
        if await self._claim(publication):
            await self._say({"type": "publish.restart"})

    async def _say(self, frame: dict[str, Any]) -> None:
        if not self.leaving:
            with contextlib.suppress(Exception):  # a socket that has gone hears nothing
                await self.send(json.dumps(frame))

    async def leave(self, code: int) -> None:
        """Take no more media, keep what came, and close the socket. Once; never raises."""
        if self.leaving:
            return
        self.leaving = True
        if self.ingest is not None:
            await self.ingest.close()
        with contextlib.suppress(Exception):  # the other end of a half-open socket has gone
            await self.close(code)

    async def disconnect(self, code: int) -> None:
        self.leaving = True
        if self.watch is not None:
            self.watch.cancel()
        for room in [pk for pk, camera in _publishing.items() if camera is self]:
            del _publishing[room]
        if self.ingest is not None:
            await self.ingest.close()
        if self.publication is not None:
            await database_sync_to_async(verbs.close_publication)(self.publication)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
