"""A line to Janus: the WebSocket over which one publisher is put into a VideoRoom of her own.

    create ─▶ attach ─▶ (a room) ─▶ joinandconfigure with her offer ─▶ her answer
                                    rtp_forward: her packets come to ports of this machine

Janus ends what hangs on a line when the line ends. So nobody publishes whose line no process holds:
if ours dies, Janus closes her connection, and her app comes back to another.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from livestream.media.providers.base import ProviderDown
from livestream.rules.sdp import Track

PATIENCE = 5.0  # seconds for one answer
LARGEST = 256 * 1024  # bytes of one message
MOST_BITS = 1_500_000  # a second that a publisher may send
KEY_FRAMES = 1  # seconds between two that Janus asks her for
NO_SUCH_ROOM = 426
_BAD_OFFER = {431, 437, 464, 465}  # of the VideoRoom, and of Janus itself
_OVER = {"hangup", "detached", "timeout"}


class BadOffer(ValueError):
    """Janus cannot read what she offers, or none of it is a picture that it takes."""


class Refused(ProviderDown):
    """Janus answers, and says no."""

    def __init__(self, code: int) -> None:
        super().__init__(f"it answers {code}")
        self.code = code


class Line:
    """One WebSocket with one session and one place in the VideoRoom plugin. Ask one at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.place: dict[str, int] = {}
        self.ended = False

    @classmethod
    async def open(cls) -> Line:
        """Raises ProviderDown."""
        try:
            socket = await connect(
                settings.LIVE_API_URL,
                subprotocols=["janus-protocol"],  # type: ignore[list-item]
                compression=None,
                proxy=None,
                max_size=LARGEST,
                open_timeout=PATIENCE,
                close_timeout=1,
            )
        except (OSError, ValueError, WebSocketException) as trouble:
            raise ProviderDown(type(trouble).__name__) from None
        line = cls(socket)
        try:
            line.place["session_id"] = _number(await line._ask("create"))
            attached = await line._ask("attach", plugin="janus.plugin.videoroom")
            line.place["handle_id"] = _number(attached)
        except BaseException:
            await line.close()
            raise
        return line

    async def publish(self, room: str, offer: str) -> tuple[str, list[dict[str, Any]]]:
        """Put her into a new room of this name: the answer to her offer, and what she will send.

        Raises BadOffer, ProviderDown.
        """
        await self.room(
            "create",
            room,
            publishers=1,
            is_private=True,
            bitrate=MOST_BITS,
            fir_freq=KEY_FRAMES,
            videocodec="h264,vp8",
            audiocodec="opus",
            videoorient_ext=False,  # what comes further has to stand upright by itself
            audiolevel_ext=False,
        )
        jsep = {"type": "offer", "sdp": offer}
        try:
            said = await self.room("joinandconfigure", room, jsep, ptype="publisher", id=room)
        except Refused as no:
            if no.code in _BAD_OFFER:
                raise BadOffer from None
            raise
        answer, streams = said.get("jsep"), said["data"].get("streams")
        if not isinstance(answer, dict) or not isinstance(streams, list):
            raise BadOffer
        return str(answer.get("sdp", "")), [one for one in streams if isinstance(one, dict)]

    async def forward(self, room: str, tracks: Iterable[Track]) -> None:
        """Let her packets come to this machine. Raises ProviderDown."""
        streams = [{"mid": one.mid, "port": one.port, "pt": one.payload} for one in tracks]
        await self.room(
            "rtp_forward",
            room,
            publisher_id=room,
            host="127.0.0.1",
            host_family="ipv4",
            streams=streams,
        )

    async def room(
        self, request: str, room: str, jsep: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """One request of the VideoRoom: {"data": what it says, "jsep": …}. Raises ProviderDown."""
        body = {"request": request, "room": room, **more}
        said = await self._ask("message", body=body, **({"jsep": jsep} if jsep else {}))
        plugin = said.get("plugindata")
        data = plugin.get("data") if isinstance(plugin, dict) else None
        if not isinstance(data, dict):
            raise ProviderDown("an answer of another kind")
        if "error_code" in data:
            raise Refused(_code(data["error_code"]))
        return {"data": data, "jsep": said.get("jsep")}

    async def destroy(self, room: str) -> None:
        """Whoever publishes there is sent away at once. Safe to call again. Raises ProviderDown."""
        try:
            await self.room("destroy", room)
        except Refused as no:
            if no.code != NO_SUCH_ROOM:
                raise

    async def keep(self) -> None:
        """Say that we are here: a session that is silent for a minute ends."""
        await self._send("keepalive")

    async def over(self) -> None:
        """Wait until she has gone or was sent away, or Janus has gone. Never raises."""
        try:
            while not self.ended:
                self._note(await self.socket.recv())
        except (OSError, WebSocketException, ProviderDown):
            self.ended = True

    async def close(self) -> None:
        await self.socket.close()

    async def _send(self, janus: str, **more: Any) -> str:
        transaction = secrets.token_hex(8)
        words = {"janus": janus, "transaction": transaction, **self.place, **more}
        if settings.LIVE_API_KEY:
            words["apisecret"] = settings.LIVE_API_KEY
        await self.socket.send(json.dumps(words))
        return transaction

    async def _ask(self, janus: str, **more: Any) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                transaction = await self._send(janus, **more)
                said = self._note(await self.socket.recv())
                while said.get("transaction") != transaction or said.get("janus") == "ack":
                    said = self._note(await self.socket.recv())
        except (OSError, WebSocketException) as trouble:  # TimeoutError is an OSError
            raise ProviderDown(type(trouble).__name__) from None
        if said.get("janus") == "error":
            error = said.get("error")
            raise Refused(_code(error.get("code") if isinstance(error, dict) else 0))
        return said

    def _note(self, text: str | bytes) -> dict[str, Any]:
        """One message. Raises ProviderDown for one that is none."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            raise ProviderDown("an answer that is no JSON") from None
        if not isinstance(said, dict):
            raise ProviderDown("an answer of another kind")
        self.ended = self.ended or said.get("janus") in _OVER
        return said


def _number(said: dict[str, Any]) -> int:
    data = said.get("data")
    number = data.get("id") if isinstance(data, dict) else None
    if not isinstance(number, int):
        raise ProviderDown("an answer without a number")
    return number


def _code(value: Any) -> int:
    return value if isinstance(value, int) else 0
