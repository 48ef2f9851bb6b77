"""The room page on a slow phone: when something can be read, and when chat and buying answer.

Lighthouse's mobile profile (1.6 Mbit/s down, 0.75 up, 150 ms, a processor four times slower)
through the browser's own protocol, at a server as in production with the demo shop on air. The
reference is the same HTML with everything else held back: what no page of these words could beat.
"""

from __future__ import annotations

import gzip
import os
import re
import secrets
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from bench.report import record
from tests.journeys.browser import chromium, phone

ROOT = Path(__file__).resolve().parent.parent
TIMES = 5
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 750_000 / 8,
}
FIGURES = {"words": "first words", "ready": "all answers"}
REFERENCE = "the same HTML with all else held back"
WATCHER = """
window.seen = {};
const note = (name) => { window.seen[name] ??= performance.now(); };
document.addEventListener("DOMContentLoaded", () => note("html"));
new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) {
    if (name === "first-contentful-paint") window.seen.words ??= startTime;
  }
}).observe({ type: "paint", buffered: true });
new MutationObserver(() => {
  if (document.documentElement?.dataset.started !== undefined) note("ready");
}).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-started"] });
"""


def run(out: Callable[[str], Any] = print) -> None:
    """Load it cold some times over; the medians are the figures."""
    with production() as (url, room), chromium() as browser:
        weight = sum(_weights(url + room))
        out(f"{weight / 1000:.1f} kB of CSS and JS gzipped, hls.js apart")
        record("room.kb", weight / 1000, "kB of styles and modules, gzipped")
        found = [_load(browser, url, room) for _ in range(TIMES)]
        bare = _median([_load(browser, url, room, bare=True) for _ in range(TIMES)], "html")
        for name, what in FIGURES.items():
            value = _median(found, name)
            out(f"{what}: {value:.0f} ms, beside {bare:.0f} ms")
            record(f"room.{name}", value, "ms", REFERENCE, bare)


def _median(loads: list[dict[str, float]], name: str) -> float:
    return statistics.median(load.get(name, float("inf")) for load in loads)


def _load(browser: Browser, url: str, room: str, *, bare: bool = False) -> dict[str, float]:
    """Moments in ms since the address was asked for, nothing being cached, as the page saw them."""
    context = phone(browser, url)
    page = context.new_page()
    page.add_init_script(WATCHER)
    if bare:
        page.route("**/*", lambda route: _only_page(route))
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(room, wait_until="commit")
    wanted = ("html",) if bare else ("html", "words", "ready")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = dict(page.evaluate("() => window.seen"))
        if all(name in found for name in wanted):
            break
        time.sleep(0.3)
    context.close()
    return found


def _only_page(route: Any) -> None:
    route.continue_() if route.request.resource_type == "document" else route.abort()


def _weights(address: str) -> Iterator[int]:
    """Bytes of each stylesheet and module that the page names, modules with what they import."""
    html = _get(address).decode()
    names = dict(re.findall(r'"(guitai/[\w/]+)":"([^"]+)"', html))
    wanted = set(re.findall(r'<link rel="stylesheet" href="([^"]+)"', html))
    wanted |= set(re.findall(r'<script[^>]* src="([^"]+)"', html))
    modules = {
        name for found in re.findall(r'data-module="([^"]+)"', html) for name in found.split()
    }
    wanted |= {names[f"guitai/{name}"] for name in modules | {"boot"}}
    seen: set[str] = set()
    while wanted - seen:
        path = (wanted - seen).pop()
        seen.add(path)
        text = _get(address.split("/live/")[0] + path)
        yield len(gzip.compress(text, 9))
        asked = re.findall(r'(?:from|import)\s*\(?\s*"(guitai/[\w/]+)"', text.decode())
        wanted |= {names[name] for name in asked if name in names}


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        return bytes(answer.read())


@contextmanager
def production() -> Iterator[tuple[str, str]]:
    """A server without DEBUG with the demo shop: its address, and the path of the room on air."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "DEBUG": "",
            "SECRET_KEY": secrets.token_hex(32),
            "ALLOWED_HOSTS": "localhost",
            "SECURE_SSL_REDIRECT": "0",
            "VAR_DIR": folder,
            "STATIC_ROOT": f"{folder}/static",
            "SITE_URL": f"http://localhost:{port}",
            "LOG_LEVEL": "ERROR",
        }

        def manage(*words: str, **more: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "manage.py", *words]
            return subprocess.Popen(
                command, cwd=ROOT, env=environment | more, stdout=subprocess.DEVNULL
            )

        for words in (("collectstatic", "--noinput"), ("migrate",)):
            manage(*words).wait()
        manage("demo", DEBUG="1").wait()
        url = f"http://localhost:{port}"
        server = manage("serve", "--port", str(port))
        _wait(url)
        camera = manage("demo_camera", "--url", url, DEBUG="1")
        try:
            time.sleep(8)  # the camera's first pictures
            rows = sqlite3.connect(Path(folder) / "db.sqlite3")
            asked = "select public_id from livestream_room where state in ('live', 'interrupted')"
            yield url, f"/live/{rows.execute(asked).fetchone()[0]}/"
        finally:
            for process in (camera, server):
                process.send_signal(signal.SIGTERM)
                process.wait(40)


def _wait(url: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            _get(f"{url}/healthz")
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(url)
