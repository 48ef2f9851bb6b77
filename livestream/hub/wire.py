"""How bytes leave for one viewer: straight to uvicorn's transport, or politely through `send`.

Awaiting `send` costs a coroutine, a frame encode and a mask check *per viewer*. Under uvicorn we
can reach the protocol behind `send` and give its transport the frame that was encoded once for all.
Under any other server, and in tests with a communicator, a small task drains a bounded list
instead.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

logger = logging.getLogger(__name__)

HIGH_WATER = 64 * 1024  # bytes unsent to one viewer: from here on he does not keep up
OUTBOX = 512 * 1024  # bytes that AwaitedWire holds back at most; who needs more is let go


class Wire(Protocol):
    """What a seat needs from a connection."""

    @property
    def open(self) -> bool: ...

    def write(self, frame: bytes, text: str) -> None: ...

    def waiting(self) -> int:
        """Bytes handed over but not yet taken by the network."""

    def abort(self) -> None:
        """Cut the connection without waiting for a peer that does not read."""


def wire_for(send: Any) -> Wire:
    """The fastest wire that this server allows."""
    protocol = _protocol_behind(send)
    if protocol is not None:
        return DirectWire(protocol)
    return AwaitedWire(send)


def _protocol_behind(send: Any) -> Any:
    """uvicorn's WebSocket protocol, found through the wrappers of Channels' middleware."""
    for _ in range(8):
        owner = getattr(send, "__self__", None)
        if owner is None:
            return None
        if type(owner).__module__.startswith("uvicorn.") and hasattr(owner, "conn"):
            return owner
        send = getattr(owner, "real_send", None)
    return None


class DirectWire:
    """Writes ready-made frames to uvicorn's transport.

    Whole frames only, and only from the event loop, so they never cut into a frame of uvicorn's
    own.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.send_bytes = protocol.transport.write  # bound once: called once per viewer and frame

    def write(self, frame: bytes, text: str) -> None:
        self.send_bytes(frame)

    @property
    def open(self) -> bool:
        protocol = self._protocol
        return not (protocol.close_sent or protocol.disconnected or protocol.transport.is_closing())

    def waiting(self) -> int:
        return self._protocol.transport.get_write_buffer_size()

    def abort(self) -> None:
        self._protocol.transport.abort()


class AwaitedWire:
    """Sends through ASGI, one short-lived task per viewer with something to send."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._outbox: deque[tuple[str, int]] = deque()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None
        self._open = True

    @property
    def open(self) -> bool:
        return self._open

    def write(self, frame: bytes, text: str) -> None:
        if not self._open:
            return
        if self._waiting and self._waiting + len(frame) > OUTBOX:
            self.abort()  # he comes back, and resumes from the last line he saw
            return
        self._outbox.append((text, len(frame)))
        self._waiting += len(frame)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._outbox and self._open:
                text, size = self._outbox.popleft()
                await self._send({"type": "websocket.send", "text": text})
                self._waiting -= size
        except Exception:  # the viewer left between two frames: his receive loop ends the seat
            logger.debug("a viewer left while being told", exc_info=True)
            self._open = False
        finally:
            self._task = None

    def waiting(self) -> int:
        return self._waiting

    def abort(self) -> None:
        self._open = False
        self._outbox.clear()
        asyncio.get_running_loop().create_task(self._close())

    async def _close(self) -> None:
        try:
            await self._send({"type": "websocket.close", "code": 4408})
        except Exception:
            logger.debug("the slow viewer had already left", exc_info=True)
