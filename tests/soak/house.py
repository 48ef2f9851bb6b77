"""Everything that a grown-up Guitai runs on one machine, and the ways in which it breaks.

web (uvicorn) · worker and beat (Celery) · Redis · a camera that publishes into the room
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.servers import ROOT, Server, database_url, running


class House:
    """The processes of one installation."""

    def __init__(self, folder: Path, room: str) -> None:
        self.folder, self.room = folder, room
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.redis_port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.web: Server

    @contextmanager
    def open(self) -> Iterator[House]:
        with ExitStack() as stack:
            stack.callback(self._close)
            self._start("redis", *("redis-server", "--port", str(self.redis_port), "--save", ""))
            where = {"REDIS_URL": self.url, "HOLD_MINUTES": "1"}
            self.web = stack.enter_context(running(self.folder, database_url(), **where))
            self._celery("worker", "--pool", "threads", "--concurrency", "4")
            self._celery("beat", "--schedule", str(self.folder / "beat"))
            self._camera()
            yield self

    def _start(self, name: str, *command: str) -> None:
        environment = {
            **os.environ,
            "DEBUG": "1",
            "DATABASE_URL": database_url(),
            "VAR_DIR": str(self.folder),
            "REDIS_URL": self.url,
            "LOG_LEVEL": "WARNING",
        }
        with (self.folder.parent / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def _celery(self, *command: str) -> None:
        self._start(command[0], sys.executable, "-m", "celery", "-A", "config", *command)

    def _camera(self) -> None:
        command = ("manage.py", "demo_camera", "--url", self.web.url, "--room", self.room)
        self._start("camera", sys.executable, *command)

    def _close(self) -> None:
        for part in self.parts.values():
            part.kill()
            part.wait()

    def memory(self) -> int:
        """Bytes that the web process holds."""
        pages = Path(f"/proc/{self.web.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    # --- what breaks ----------------------------------------------------------------------------

    def kill_worker(self) -> None:
        """The worker dies in the middle of whatever it does; a supervisor starts another."""
        self.parts["worker"].kill()
        self.parts["worker"].wait()
        self._celery("worker", "--pool", "threads", "--concurrency", "4")

    def kill_encoder(self) -> None:
        """ffmpeg of the running show dies."""
        for pid in self.encoders():
            os.kill(pid, signal.SIGKILL)

    def encoders(self) -> list[int]:
        """The children of the web process that encode."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                    command = (folder / "cmdline").read_text()
                except OSError:  # it has just ended
                    continue
                if int(parent) == self.web.pid and "ffmpeg" in command:
                    found.append(int(folder.name))
        return found

    def flush_redis(self) -> None:
        """Redis forgets everything and drops everybody."""
        with redis.Redis(port=self.redis_port) as line:
            line.flushall()
            for kind in ("pubsub", "normal"):
                line.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
