"""Chat fan-out: one room, thousands of sockets, and what it costs to tell them all.

Talkers say one line a second each, the way a browser does: a frame on the socket, a row, then the
push to everyone. Beside it, in the same run and under the same crowd: a bare broadcast server of
Node's `ws`, which neither checks, stores nor gathers anything.

CPU is what the kernel charged the server's processes with between the first message and the last,
its clock and its threads included, divided by the messages that reached a viewer.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.hosts import ROOT, Host, node, product
from bench.report import record

SECONDS = 8
CALM = 2.5  # seconds between the last arrival and the first message
REFERENCE = "Node ws broadcast, same crowd"
Out = Callable[[str], Any]


@dataclass(frozen=True)
class Load:
    """`rate` messages of so many letters a second, to `viewers` sockets; `deaf` more never read."""

    viewers: int
    rate: int
    deaf: int = 0
    letters: int = 45
    hearts: int = 0  # that each viewer taps in half a second

    @property
    def name(self) -> str:
        return f"{self.viewers}x{self.rate}"


QUIET, BUSY, CROWDED = Load(2_000, 20), Load(2_000, 100), Load(5_000, 200)


@dataclass
class Result:
    """What a crowd heard and what it cost to tell it."""

    cpu_us: float  # of the server, per delivered message
    p50_ms: float
    p99_ms: float
    lost: int
    closed: int
    socket_kb: float  # memory that each open socket added
    acked: int
    acked_p95_ms: float
    cpu_s: float


def run(out: Out = print) -> None:
    """Measure the product and Node under each load, and note the figures."""
    raise_file_limit(CROWDED.viewers + 500)
    for load in (QUIET, BUSY):
        theirs = measure(node(), load, out)
        _note(f"fanout.{load.name}", measure(product(talkers=load.rate), load, out), theirs)
        two = product(talkers=load.rate, processes=2)
        _note(f"fanout.{load.name}_redis", measure(two, load, out), theirs)
    crowded = measure(product(talkers=CROWDED.rate), CROWDED, out)
    _note(f"fanout.{CROWDED.name}", crowded)
    record("fanout.socket_kb", crowded.socket_kb, "KB of memory per open socket")
    _deaf(out)


def _deaf(out: Out) -> None:
    """The others' latency beside viewers who never read, and without them."""
    alone = measure(product(talkers=100), Load(1_000, 100, letters=290), out)
    beside = measure(product(talkers=100), Load(1_000, 100, deaf=50, letters=290), out)
    reference = "the same crowd without 50 viewers who never read"
    record("fanout.deaf_p99_ms", beside.p99_ms, "ms", reference, alone.p99_ms)
    record("fanout.deaf_lost", beside.lost, "messages", reference, alone.lost)


def _note(name: str, ours: Result, theirs: Result | None = None) -> None:
    """Figures of one load, with the reference's where there is one."""
    for figure, unit in (
        ("cpu_us", "µs per delivered message"),
        ("p50_ms", "ms"),
        ("p99_ms", "ms"),
        ("lost", "messages"),
    ):
        beside = (REFERENCE, getattr(theirs, figure)) if theirs else ()
        record(f"{name}.{figure}", getattr(ours, figure), unit, *beside)


def raise_file_limit(wanted: int) -> None:
    """Every viewer is a file here and one there; child processes inherit the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < wanted:
        raise RuntimeError(f"{wanted} open files are needed; only {most} are allowed.")


def measure(opening: AbstractContextManager[Host], load: Load, out: Out) -> Result:
    """Let a crowd in, let it talk, and ask what arrived."""
    with opening as host, tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder:
        empty = host.memory()
        job = Path(folder) / "job.json"
        job.write_text(json.dumps(_job(host, load)))
        command = [sys.executable, "-m", "bench.crowd", str(job)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        crowd = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
        try:
            arrived = json.loads(_line(crowd))
            time.sleep(CALM)
            grown = (host.memory() - empty) / (load.viewers + load.deaf)
            before = host.cpu()
            _say(crowd, "go")
            heard = json.loads(_line(crowd))
            spent = host.cpu() - before
        finally:
            crowd.kill()
            crowd.wait()
    out(
        f"{load.name}: in after {arrived['seconds']:.1f} s; {heard['delivered']} delivered, "
        f"{heard['lost']} lost, p99 {heard['p99_ms'] or 0:.0f} ms, {spent:.2f} s of CPU"
    )
    return Result(
        cpu_us=spent / max(heard["delivered"], 1) * 1e6,
        p50_ms=heard["p50_ms"],
        p99_ms=heard["p99_ms"],
        lost=heard["lost"],
        closed=heard["closed"],
        socket_kb=grown / 1024,
        acked=heard["acked"],
        acked_p95_ms=heard["acked_p95_ms"],
        cpu_s=spent,
    )


def _job(host: Host, load: Load) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "ports": host.ports,
        "path": host.path,
        "cookies": host.cookies,
        "viewers": load.viewers,
        "deaf": load.deaf,
        "letters": load.letters,
        "hearts": load.hearts,
        "talkers": load.rate,  # one line a second each: what the product lets a guest say
        "rate": load.rate,
        "seconds": SECONDS,
    }


def _line(crowd: subprocess.Popen[str]) -> str:
    line = crowd.stdout.readline() if crowd.stdout else ""
    if not line:
        raise RuntimeError("The crowd went away.")
    return line


def _say(crowd: subprocess.Popen[str], word: str) -> None:
    if crowd.stdin:
        crowd.stdin.write(word + "\n")
        crowd.stdin.flush()
