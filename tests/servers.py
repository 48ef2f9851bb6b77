"""A real server process of the product for tests with sockets and browsers.

    def test_it_…(server, live, as_bob):
        with server.line(f"/ws/live/{live.public_id}/") as line: …

The process shares the database file of the tests, so a test builds its cast with the verbs and the
server sees it at once. It has its own memory: news of a verb called in the test's process does not
reach it, only rows do; send the request to `server.url` when the push is what you test.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent
START = 90  # seconds a server may take to answer


@dataclass
class Server:
    """A running server: where it answers, and its folder for media, mail and live segments."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def post(self, path: str, session: str = "", **data: str) -> int:
        """Send a form as a page of ours would; the HTTP status, redirects not followed."""
        token = "t" * 32
        cookies = f"{django_settings.CSRF_COOKIE_NAME}={token}"
        if session:
            cookies += f"; {django_settings.SESSION_COOKIE_NAME}={session}"
        body = urllib.parse.urlencode(data | {"csrfmiddlewaretoken": token})
        asked = http.client.HTTPConnection("localhost", self.port, timeout=20)
        headers = {
            "Cookie": cookies,
            "Origin": self.url,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            asked.request("POST", path, body, headers)
            return asked.getresponse().status
        finally:
            asked.close()

    @contextmanager
    def line(
        self, path: str, session: str = "", *, origin: str | None = None, **options: Any
    ) -> Iterator[Line]:
        """An open socket. `session` is the key of a Django session."""
        headers = {"Cookie": f"{django_settings.SESSION_COOKIE_NAME}={session}"} if session else {}
        with connect(
            f"ws://localhost:{self.port}{path}",
            origin=origin or self.url,  # type: ignore[arg-type]
            additional_headers=headers | {"Accept-Language": "en"},
            compression=None,
            **options,
        ) as socket_:
            yield Line(socket_)


@dataclass
class Line:
    """A client of one socket that remembers every event it got."""

    socket: ClientConnection
    events: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None

    def send(self, frame: Any) -> None:
        self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def say(self, text: str, key: str | None = None) -> str:
        key = key or uuid.uuid4().hex
        self.send({"type": "chat.say", "text": text, "key": key})
        return key

    def read(self, seconds: float) -> bool:
        """Take one frame, if one comes in time. False once the socket is closed or silent."""
        try:
            frame = json.loads(self.socket.recv(timeout=seconds))
        except TimeoutError:
            return False
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd else 1006
            return False
        self.events += frame if isinstance(frame, list) else [frame]
        return True

    def wait(self, kind: str, seconds: float = 8, **like: Any) -> dict[str, Any]:
        """The first event of this type with these values, seen already or still to come."""
        until = time.monotonic() + seconds
        place = 0
        while True:
            for event in self.events[place:]:
                if event["type"] == kind and like.items() <= event.items():
                    return event
            place = len(self.events)
            left = until - time.monotonic()
            if left <= 0 or (not self.read(left) and self.code is not None):
                raise AssertionError(f"no {kind} {like} among {self.events[-12:]}, {self.code=}")

    def drain(self, seconds: float = 0.5) -> list[dict[str, Any]]:
        """Everything until it is quiet for so long."""
        while self.read(seconds):
            pass
        return self.events

    def wait_closed(self, seconds: float) -> int:
        """The close code."""
        until = time.monotonic() + seconds
        while self.code is None and time.monotonic() < until:
            self.read(max(until - time.monotonic(), 0.01))
        assert self.code is not None, f"still open after {seconds} s"
        return self.code

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


def session_of(client: Client) -> str:
    """The session key of a signed-in test client."""
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def guest_session(nickname: str = "") -> str:
    """A guest's session, with the name she chose."""
    session = SessionStore()
    session["device"] = str(uuid.uuid4())
    if nickname:
        session["nickname"] = nickname
    session.save()
    return session.session_key or ""


@contextmanager
def running(
    folder: Path,
    database: str,
    application: str = "config.asgi:application",
    port: int = 0,
    **environment: str,
) -> Iterator[Server]:
    """Serve the product on `port`, or on a free one, until the block ends."""
    port = port or _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DATABASE_URL": database,
        "VAR_DIR": str(folder),
        "SITE_URL": f"http://localhost:{port}",
        "LOG_LEVEL": "WARNING",
        **environment,
    }
    command = [
        *(sys.executable, "-m", "uvicorn", application, "--port", str(port)),
        *("--log-level", "warning", "--ws-max-size", str(2 * 1024 * 1024)),
        *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "2"),
    ]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    server = Server(port, folder, process)
    try:
        _wait_until_up(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of its own on a free port: its address, and its process to be stopped or killed."""
    port = _free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def _wait_until_up(server: Server) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
    raise RuntimeError((server.folder / "server.log").read_text()[-4000:])


def database_url() -> str:
    """The database of the tests, as another process opens it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    login = f"{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT'] or 5432}"
    return f"postgres://{login}/{found['NAME']}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """A file, not memory: the server's process and other threads open the same one."""
    default = django_settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        folder = tmp_path_factory.mktemp("database")
        default.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


class Resident:
    """The one server that the tests of a session share: there when a test wants it, or gone."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder, self._database = folder, database
        self._stack = ExitStack()
        self._server: Server | None = None

    def wake(self) -> Server:
        if self._server is None:
            self._server = self._stack.enter_context(running(self._folder, self._database))
        return self._server

    def rest(self) -> None:
        self._server = None
        self._stack.close()


@pytest.fixture(scope="session")
def resident(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resident]:
    with django_db_blocker.unblock():
        database = database_url()
    resident = Resident(tmp_path_factory.mktemp("server"), database)
    yield resident
    resident.rest()


@pytest.fixture
def server(resident: Resident, transactional_db: None, settings: Any) -> Server:
    """The server, with this test's rows in its database and its pictures in its folder."""
    server = resident.wake()
    settings.VAR_DIR = server.folder
    settings.MEDIA_ROOT = server.folder / "media"
    settings.LIVE_ROOT = server.folder / "live"
    settings.SITE_URL = server.url
    return server


@pytest.fixture
def alone(resident: Resident) -> None:
    """Nobody else's worker and clock are at the rows of this test."""
    resident.rest()


def until(condition: Callable[[], Any], seconds: float = 8) -> Any:
    """Wait for something to become true, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)
    return found
