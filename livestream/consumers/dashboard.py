"""/ws/dashboard/<merchant>/ — news of a merchant for the pages of its staff.

Few people, few events: an ordinary Channels consumer that is a member of the merchant's group.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from livestream import broadcast
from livestream.consumers import door
from merchants.models import Staff

logger = logging.getLogger(__name__)

CHECK = 3.0  # seconds between two looks at whether she still works here (P15)


class DashboardConsumer(AsyncWebsocketConsumer):
    """One open dashboard page. It only listens; what it hears comes from livestream.broadcast."""

    group = ""
    language = ""
    merchant_id = 0
    stores: frozenset[int] | None = None  # those whose pick-ups concern her; None: all
    watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if not door.same_origin(self.scope):
            await self.close()  # before accept: HTTP 403
            return
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(door.FORBIDDEN)
            return
        staff = await database_sync_to_async(self._look)()
        if staff is None:  # a stranger must not learn that the shop exists
            await self.close(door.NOT_FOUND)
            return
        broadcast.attach()
        self.language = door.language_of(self.scope)
        self.merchant_id = staff.merchant_id
        self.group = broadcast.merchant_group(staff.merchant_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        self.watch = asyncio.create_task(self._watch())
        await self._tell({"type": "dashboard.open"})

    def _look(self) -> Staff | None:
        """Her place as it is now, and which stores she serves."""
        staff = Staff.objects.filter(
            user_id=self.scope["user"].pk,
            user__is_active=True,
            merchant__slug=self.scope["url_route"]["kwargs"]["merchant"],
        ).first()
        if staff is not None:
            served = staff.stores.values_list("pk", flat=True)
            self.stores = None if staff.is_manager else frozenset(served)
        return staff

    async def _watch(self) -> None:
        """Close when she no longer works here, follow what she serves, although no news came."""
        while True:
            await asyncio.sleep(CHECK)
            try:
                works_here = await database_sync_to_async(self._look)() is not None
            except Exception:  # the database is away: look again when it may be back
                logger.warning("nobody could look who works here", exc_info=True)
                continue
            if not works_here:
                await self.close(door.FORBIDDEN)
                return

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is asked for here but a sign of life."""
        if text_data == '{"type":"ping"}':
            await self._tell({"type": "pong"})
        else:
            await self.close(door.BAD_REQUEST)

    async def tell(self, message: dict[str, Any]) -> None:
        """Relay the events of one moment from livestream.broadcast."""
        for event in (message["event"], *message.get("more", ())):
            await self._relay(event)

    async def _relay(self, event: dict[str, Any]) -> None:
        if event["type"] == "staff.removed" and event["user"] == self.scope["user"].pk:
            await self.close(door.FORBIDDEN)
            return
        if "store" in event:
            event = {**event}
            store = event.pop("store")
            if store is not None and self.stores is not None and store not in self.stores:
                return
        if "stores" in event:
            event = {**event}
            whose = event.pop("stores")
            if whose and self.stores is not None and self.stores.isdisjoint(whose):
                return
        if "subjects" in event:
            event = {**event, "subject": event["subjects"].get(self.language, event["subject"])}
            del event["subjects"]
        await self._tell(event)

    async def _tell(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(event, ensure_ascii=False))

    async def disconnect(self, code: int) -> None:
        if self.watch is not None and self.watch is not asyncio.current_task():
            self.watch.cancel()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)
