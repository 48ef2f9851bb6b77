"""Chat fan-out: one room, one process, 2,000 sockets, 20 messages a second.

Twenty of the viewers talk, each once a second, the way a browser does: a frame on the socket, a
row, then the push to everyone. Beside it, in the same run: a bare broadcast server of the Python
`websockets` library under the same crowd, which neither checks, stores nor gathers anything.

CPU is what the kernel charged the server's process with between the first message and the last,
worker and clock threads included, divided by the messages that reached a viewer.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import record

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
VIEWERS = 2_000
TALKERS = 20
RATE = 20  # messages a second, all talkers together
SECONDS = 8
CALM = 2.5  # seconds between the last arrival and the first message
REFERENCE = "Python websockets broadcast, same crowd"


@dataclass
class Result:
    """What a crowd heard and what it cost to tell it."""

    cpu_us: float
    p50_ms: float
    p99_ms: float
    lost: int
    closed: int


def run(out: Callable[[str], Any] = print) -> None:
    """Measure both servers and note the figures."""
    _raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder:
        with _product(Path(folder)) as (pid, port, path, cookies):
            ours = _measure(pid, port, path, cookies, Path(folder), out)
        with _reference() as (pid, port):
            theirs = _measure(pid, port, "/", [], Path(folder), out)
    record("fanout.cpu_us", ours.cpu_us, "µs per delivered message", REFERENCE, theirs.cpu_us)
    record("fanout.p50_ms", ours.p50_ms, "ms", REFERENCE, theirs.p50_ms)
    record("fanout.p99_ms", ours.p99_ms, "ms", REFERENCE, theirs.p99_ms)
    record("fanout.lost", ours.lost, "messages", REFERENCE, theirs.lost)


def _raise_file_limit() -> None:
    """Every viewer is a file here and one there; child processes inherit the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < VIEWERS + 200:
        raise RuntimeError(f"{VIEWERS} viewers need as many open files; only {most} are allowed.")


# --- the servers ------------------------------------------------------------------------------


@contextmanager
def _product(folder: Path) -> Iterator[tuple[int, int, str, list[str]]]:
    """(pid, port, the room's socket, talkers' sessions) of a server of the product."""
    port = _free_port()
    environment = os.environ | {
        "DEBUG": "1",
        "REDIS_URL": "",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
    }
    room = _prepare(environment, "bench.air")["room"]
    cookies = _prepare(environment, "bench.guests", str(TALKERS))
    command = [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)),
        *("--log-level", "warning", "--ws-max-size", str(2 * 1024 * 1024)),
        *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "1"),
    ]
    with _serving(command, port, environment) as pid:
        yield pid, port, f"/ws/live/{room}/", cookies


@contextmanager
def _reference() -> Iterator[tuple[int, int]]:
    port = _free_port()
    command = [sys.executable, "-m", "bench.reference", str(port)]
    with _serving(command, port, dict(os.environ)) as pid:
        yield pid, port


def _prepare(environment: dict[str, str], *module: str) -> Any:
    command = [sys.executable, "-m", *module]
    made = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout.splitlines()[-1])


@contextmanager
def _serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise TimeoutError("The server did not start.")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- the crowd --------------------------------------------------------------------------------


def _measure(
    pid: int, port: int, path: str, cookies: list[str], folder: Path, out: Callable[[str], Any]
) -> Result:
    job = folder / "job.json"
    job.write_text(
        json.dumps(
            {
                "host": "127.0.0.1",
                "port": port,
                "path": path,
                "cookies": cookies,
                "viewers": VIEWERS,
                "talkers": TALKERS,
                "rate": RATE,
                "seconds": SECONDS,
            }
        )
    )
    crowd = subprocess.Popen(
        [sys.executable, "-m", "bench.crowd", str(job)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        arrived = json.loads(_line(crowd))
        out(f"{arrived['in']} sockets open after {arrived['seconds']:.1f} s")
        time.sleep(CALM)
        before = _cpu(pid)
        _say(crowd, "go")
        heard = json.loads(_line(crowd))
        spent = _cpu(pid) - before
    finally:
        crowd.kill()
        crowd.wait()
    out(f"{heard['delivered']} delivered, {heard['lost']} lost, p99 {heard['p99_ms']:.0f} ms")
    return Result(
        cpu_us=spent / heard["delivered"] * 1e6,
        p50_ms=heard["p50_ms"],
        p99_ms=heard["p99_ms"],
        lost=heard["lost"],
        closed=heard["closed"],
    )


def _line(crowd: subprocess.Popen[str]) -> str:
    line = crowd.stdout.readline() if crowd.stdout else ""
    if not line:
        raise RuntimeError("The crowd went away.")
    return line


def _say(crowd: subprocess.Popen[str], word: str) -> None:
    if crowd.stdin:
        crowd.stdin.write(word + "\n")
        crowd.stdin.flush()


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
