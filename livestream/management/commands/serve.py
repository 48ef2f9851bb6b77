"""`manage.py serve`: the whole product in one terminal; what `make run` calls.

serve ── uvicorn (pages, sockets, media; without Redis the clock and its threads)
    ├── celery worker and beat, as processes of their own as soon as there is REDIS_URL
    └── demo_camera, under DEBUG: publishes a test picture into the demo's live room
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from livestream.demo.shop import ADMIN, PASSWORD, PEOPLE
from merchants.models import Merchant

EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when asked for
HERE = {"127.0.0.1", "localhost"}
PATIENCE = 15  # seconds that each part gets to end by itself


class Command(BaseCommand):
    help = "Migrate, seed the demo when the database is empty, and serve until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--host", default="127.0.0.1", help="0.0.0.0: other devices in the house may come too"
        )
        parser.add_argument("--no-camera", action="store_true", help="no test picture")

    def handle(self, *args: Any, port: int, host: str, no_camera: bool, **options: Any) -> None:
        if _taken(host, port):
            raise CommandError(f"Port {port} is in use. Choose another: make run PORT=8123")
        call_command("migrate", verbosity=0)
        demo = settings.DEBUG
        if demo and not Merchant.objects.exists():
            self.stdout.write("An empty database: opening the demo shop …")
            call_command("demo")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's Ctrl-C
        introduce(host, port)
        parts = [_start("uvicorn", host, port)]
        if not settings.EMBEDDED:
            parts.append(_celery("worker", "--pool", "threads", "--concurrency", "4"))
            parts.append(_celery("beat", "--schedule", _beat()))
        try:
            _wait_until_up(host, port, parts[0])
            if demo and not no_camera:
                parts.append(_manage("demo_camera", "--url", reachable(host, port)[0]))
            self._greet(host, port, demo=demo)
            parts[0].wait()
        except KeyboardInterrupt:
            self.stdout.write("\nClosing the shop …")
        finally:
            _end(parts)

    def _greet(self, host: str, port: int, *, demo: bool) -> None:
        at, *elsewhere = reachable(host, port)
        lines = [
            f"Guitai is open at {at}/",
            *(f"  from a phone in the same network  {place}/" for place in elsewhere),
            f"  dashboard  {at}/dashboard/",
            f"  admin      {at}/admin/",
            f"  API        {at}/api/docs/",
        ]
        if demo:
            lines += ["", f"Demo sign-ins, password {PASSWORD}:"]
            for email, name, role, _picture in PEOPLE:
                lines.append(f"  {email:<22} {name} ({role.name.lower()})")
            lines.append(f"  {ADMIN:<22} platform admin")
        if host != "127.0.0.1":
            lines += ["", "A browser opens the camera only on localhost or over https."]
        lines += ["", "Ctrl-C ends everything."]
        self.stdout.write("\n".join(lines))


def reachable(host: str, port: int) -> list[str]:
    """Where the shop can be opened, from this machine first."""
    if host == EVERYWHERE:
        return [f"http://{name}:{port}" for name in ("localhost", *_own_addresses())]
    return [f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"]


def introduce(host: str, port: int) -> None:
    """Tell the parts under which names they are known. What the environment says stays."""
    places = reachable(host, port)
    os.environ.setdefault("SITE_URL", places[-1])  # links in mail, which is read on a phone
    if settings.DEBUG and host not in HERE:
        names = [urlsplit(place).hostname or "" for place in places]
        os.environ.setdefault("ALLOWED_HOSTS", ",".join([*settings.ALLOWED_HOSTS, *names[-1:]]))


def _own_addresses() -> list[str]:
    """This machine's address in the house, if it is in a network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of nobody: it only picks the interface
        except OSError:
            return []
        own = str(probe.getsockname()[0])
    return [] if own.startswith("127.") else [own]


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1" if host == EVERYWHERE else host, port)) == 0


def _start(program: str, host: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", program, "config.asgi:application"),
            *("--host", host, "--port", str(port), "--log-level", "warning"),
            *("--ws-max-size", str(2 * 1024 * 1024), "--ws-per-message-deflate", "false"),
            *("--timeout-graceful-shutdown", "3"),
        ],
        start_new_session=True,  # Ctrl-C reaches us alone: we end the parts in order
    )


def _celery(*words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "config", *words, "--loglevel", "WARNING"]
    return subprocess.Popen(command, start_new_session=True)


def _beat() -> str:
    return str(settings.VAR_DIR / "celerybeat-schedule")


def _manage(*words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
    return subprocess.Popen(command, start_new_session=True)


def _wait_until_up(host: str, port: int, web: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if web.poll() is not None:
            raise CommandError("The web process ended while starting; its reason stands above.")
        if _taken(host, port):
            return
        time.sleep(0.1)
    raise CommandError("The web process did not answer within 30 seconds.")


def _end(parts: list[subprocess.Popen[bytes]]) -> None:
    """The camera first, the web process last, so that nothing complains of the other's end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for part in reversed(parts):
        part.terminate()
        try:
            part.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()
