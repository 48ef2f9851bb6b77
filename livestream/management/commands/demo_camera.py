"""A camera for the demo: publishes a moving picture with a clock, exactly as a browser would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError, CommandParser
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from livestream.media.testcard import MIME, Testcard
from livestream.models import Room
from livestream.rules.room import ON_AIR
from merchants.models import User

logger = logging.getLogger(__name__)

AGAIN = 3.0  # seconds until the next try
SIGN_IN = 4401  # the close code for a session that is over
BACKDROP = Path(settings.BASE_DIR) / "merchants" / "demo" / "pictures" / "live-tea.webp"


class Command(BaseCommand):
    help = "Publish a moving test picture with a clock to a room that is on air (DEBUG only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://localhost:8000", help="where Guitai runs")
        parser.add_argument("--room", default="", help="the room's address; else the newest on air")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo camera signs in by itself: it works with DEBUG only.")
        asyncio.run(_until_told(_publish_for_ever(options["url"].rstrip("/"), options["room"])))


async def _until_told(work: Any) -> None:
    """Run until SIGTERM or Ctrl-C, then leave cleanly."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _publish_for_ever(url: str, wanted: str) -> None:
    publisher = str(uuid4())
    cookies: dict[int, str] = {}  # by host: a server that is down must not cost a session per try
    while True:
        try:
            room = await sync_to_async(_room)(wanted)
            if room is not None:
                user = room.host.user  # type: ignore[union-attr]
                cookie = cookies.get(user.pk) or await sync_to_async(_cookie)(user)
                cookies[user.pk] = cookie
                await _publish(url, room.public_id, cookie, publisher)
        except (OSError, WebSocketException, TimeoutError) as trouble:
            if isinstance(trouble, ConnectionClosed) and _code(trouble) == SIGN_IN:
                cookies.clear()
            logger.info("demo camera: %s", trouble)
        await asyncio.sleep(AGAIN)


def _code(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd else 1006


def _room(wanted: str) -> Room | None:
    """The room that is wanted, or the newest one, if it is on air."""
    rooms = Room.objects.filter(state__in=ON_AIR, host__isnull=False).order_by("-pk")
    if wanted:
        rooms = rooms.filter(public_id=wanted)
    return rooms.select_related("host__user").first()


def _cookie(user: User) -> str:
    """The key of a new session in which the host is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(24 * 60 * 60)
    session.save()
    return session.session_key or ""


async def _publish(url: str, room: str, cookie: str, publisher: str) -> None:
    """One connection, until it or the room ends."""
    where = urlsplit(url)
    scheme = "wss" if where.scheme == "https" else "ws"
    async with connect(
        f"{scheme}://{where.netloc}/ws/publish/{room}/",
        origin=f"{where.scheme}://{where.netloc}",  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
        compression=None,
    ) as socket:
        await _say(socket, type="publish.hello", publisher=publisher, mime=MIME)
        camera: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                kind = json.loads(message)["type"]
                if kind == "publish.open":
                    logger.info("demo camera: on air in %s", room)
                    camera = asyncio.create_task(_film(socket, first=True))
                elif kind == "publish.restart" and camera is not None:
                    camera.cancel()
                    camera = asyncio.create_task(_film(socket, first=False))
        finally:
            if camera is not None:
                camera.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await camera


async def _film(socket: ClientConnection, *, first: bool) -> None:
    if not first:
        await _say(socket, type="publish.recorder", mime=MIME)
    chunks = Testcard(BACKDROP if BACKDROP.exists() else None).chunks()
    try:
        with contextlib.suppress(ConnectionClosed):
            async for chunk in chunks:
                await socket.send(chunk)
    finally:
        await chunks.aclose()  # type: ignore[attr-defined]


async def _say(socket: ClientConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))
