"""Video comes back: the encoder is killed, the clerk's network is cut, and a viewer waits (P21).

What is measured is when a viewer sees a picture that was filmed after the fault, or after the
network was there again. Beside it, in the same run: the same wait when nothing has happened, which
is the stream's latency.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.media import CHROMIUM, at, chromium, publish, server, until_shown, viewer, wait_for
from bench.report import record

KILLS = 20
CUTS = {5: 6, 30: 3}  # seconds without network: how often
CALM = 4.0  # seconds between two faults
PATIENCE = 60.0
BESIDE = "the same wait, nothing has happened"


def run(out: Callable[[str], Any] = print) -> None:
    """Break it again and again, and note how long each time took."""
    with server() as (web, stage, live), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        clerk = publish(browser, stage)
        wait_for(live / "live.m3u8")
        shopper = viewer(browser, stage).new_page()
        shopper.goto(f"/live/{stage['room']}/")
        until_shown(shopper)
        shopper.evaluate("bench.watching = true")
        usual = [_until_new(shopper) for _ in range(10)]
        killed = [_after_kill(shopper, web.pid) for _ in range(KILLS)]
        _note("kill", killed, usual, out)
        for seconds, times in CUTS.items():
            cut = [_after_cut(shopper, clerk, seconds) for _ in range(times)]
            _note(f"cut_{seconds}s", cut, usual, out)
        browser.close()


def _note(name: str, waits: list[float], usual: list[float], out: Callable[[str], Any]) -> None:
    out(f"{name}: " + " ".join(f"{wait:.1f}" for wait in waits) + " s")
    record(f"back.{name}_p95_s", at(waits, 95), "s", BESIDE, at(usual, 95))
    median = statistics.median
    record(f"back.{name}_median_s", median(waits), "s", BESIDE, median(usual))


def _after_kill(shopper: Page, web: int) -> float:
    time.sleep(CALM)
    for path in Path(f"/proc/{web}/task").glob("*/children"):
        for child in path.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    return _until_new(shopper)


def _after_cut(shopper: Page, clerk: Page, seconds: int) -> float:
    time.sleep(CALM)
    clerk.context.set_offline(True)
    time.sleep(seconds)
    clerk.context.set_offline(False)
    return _until_new(shopper)


def _until_new(shopper: Page) -> float:
    """Seconds from now until the viewer sees what is filmed from now on."""
    now = time.time()
    while time.time() - now < PATIENCE:
        if shopper.evaluate("bench.newest") > now * 1000:
            return time.time() - now
        time.sleep(0.05)
    raise TimeoutError("The picture did not come back.")
