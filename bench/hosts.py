"""Servers that a bench measures, each a process of its own: the product, and what it is beside."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Host:
    """One server, perhaps of several processes that listen on a port each."""

    pids: list[int]
    ports: list[int]
    path: str = "/"
    cookies: list[str] = field(default_factory=list)  # of guests who may talk
    environment: dict[str, str] = field(default_factory=dict)

    def cpu(self) -> float:
        """Seconds of CPU that its processes have used, all their threads."""
        spent = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / TICKS

    def memory(self) -> int:
        """Bytes of memory that its processes hold now."""
        held = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in self.pids)
        return sum(map(int, held)) * PAGE


@contextmanager
def product(
    *,
    talkers: int,
    processes: int = 1,
    database: str = "",
    redis: str = "",
    pages: bool = False,
) -> Iterator[Host]:
    """The product as in production, with one room on air, on `database` or a SQLite file of its
    own; several processes share Redis: this one, or one of their own. `pages`: whole pages are
    asked for, which name their styles.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="guitai-bench-"))
        if processes > 1 and not redis:
            redis, _pid = stack.enter_context(redis_server())
        environment = os.environ | {
            "DEBUG": "",
            "SECRET_KEY": secrets.token_hex(32),
            "ALLOWED_HOSTS": "127.0.0.1",
            "REDIS_URL": redis,
            "DATABASE_URL": database or f"sqlite:///{folder}/db.sqlite3",
            "VAR_DIR": folder,
            "STATIC_ROOT": f"{folder}/static",
            "ORDERS_PER_ADDRESS": "1000000",  # a crowd comes from one address
            "SANDBOX_PAYMENTS": "1",  # or nobody could order in a shop without an account
            "SANDBOX_IN_PRODUCTION": "1",
            "LOG_LEVEL": "WARNING",
        }
        if pages:
            collect = [sys.executable, "manage.py", "collectstatic", "--noinput"]
            subprocess.run(collect, env=environment, cwd=ROOT, check=True, capture_output=True)
        room = prepare(environment, "bench.air")["room"]
        cookies = prepare(environment, "bench.guests", str(talkers))
        host = Host([], [], f"/ws/live/{room}/", cookies, environment)
        for _ in range(processes):
            port = free_port()
            command = [
                *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)),
                *("--log-level", "warning", "--ws-max-size", str(2 * 1024 * 1024)),
                *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "1"),
            ]
            host.pids.append(stack.enter_context(serving(command, port, environment)))
            host.ports.append(port)
        yield host


@contextmanager
def node() -> Iterator[Host]:
    """The bare broadcast server of Node's `ws`."""
    port = free_port()
    command = ["node", "bench/reference.mjs", str(port)]
    with serving(command, port, dict(os.environ)) as pid:
        yield Host([pid], [port])


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of its own."""
    command = [".ci/postgres", "sh", "-c", 'echo "$DATABASE_URL"; cat']
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate()  # the end of its input ends it


@contextmanager
def redis_server() -> Iterator[tuple[str, int]]:
    """The address of a Redis of its own, and its pid."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with serving([*command, "--loglevel", "warning"], port, dict(os.environ)) as pid:
        yield f"redis://127.0.0.1:{port}/0", pid


def prepare(environment: dict[str, str], *module: str) -> Any:
    """What a module of the bench prints last, as JSON."""
    command = [sys.executable, "-m", *module]
    made = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout.splitlines()[-1])


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """The pid of a server that listens on `port`; it ends with the block."""
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        _wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("The server did not start.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
