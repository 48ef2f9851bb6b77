"""One socket in a room: who sits there, and his place in the trail of frames."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from livestream.hub.frame import text_frame
from livestream.hub.wire import wire_for

logger = logging.getLogger(__name__)


class Seat:
    """A viewer, or a member of staff who hears more."""

    __slots__ = (
        "_send",
        "behind_since",
        "device",
        "flowing",
        "position",
        "staff",
        "user_id",
        "wire",
        "write",
    )

    def __init__(
        self,
        send: Any,
        *,
        staff: bool = False,
        user_id: int | None = None,
        device: str | None = None,
    ) -> None:
        self._send = send
        self.wire = wire_for(send)
        self.write = self.wire.write
        self.staff = staff
        self.user_id = user_id
        self.device = device
        self.flowing = False
        self.position = 0
        self.behind_since: float | None = None

    def tell(self, event: dict[str, Any]) -> None:
        """Say something to this viewer alone."""
        self.tell_text(json.dumps(event, ensure_ascii=False))

    def tell_text(self, text: str) -> None:
        if self.wire.open:
            self.write(text_frame(text), text)

    def close(self, code: int) -> None:
        """Close politely; the edge's receive loop then ends by itself."""
        asyncio.get_running_loop().create_task(self.say_goodbye(code))

    async def say_goodbye(self, code: int) -> None:
        try:
            await self._send({"type": "websocket.close", "code": code})
        except Exception:
            logger.debug("a socket was gone before it could be closed", exc_info=True)
