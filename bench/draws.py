"""A draw with 100,000 entries: close, freeze and draw; and its verifier in a real browser.

In a process and a database of its own (DATABASE_URL chooses another), beside the bare arithmetic in
the same process; the verifier beside crypto.subtle over the same list in the same page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from bench.report import record
from tests.journeys.browser import chromium
from tests.servers import running

BARE = "one SELECT, a sort and the hashes, in the same process"
SUBTLE = "crypto.subtle, each ticket awaited, in the same page"
ROUNDS = 3
OWN = """async () => {
  const button = document.querySelector("[data-verify]");
  const verdict = document.querySelector("[data-verdict]");
  verdict.hidden = true;
  const began = performance.now();
  button.click();
  while (verdict.hidden) await new Promise((done) => setTimeout(done, 5));
  if (!verdict.classList.contains("is-good")) throw new Error(verdict.textContent);
  return performance.now() - began;
}"""
THEIRS = """async () => {
  const { entries, seed, beacon, hash } = document.querySelector("[data-entries]").dataset;
  const began = performance.now();
  const marks = (await (await fetch(entries)).text()).split("\\n").slice(0, -1);
  const text = new TextEncoder();
  for (const mark of marks) {
    await crypto.subtle.digest("SHA-256", text.encode(`${seed}|${beacon}|${hash}|${mark}`));
  }
  return performance.now() - began;
}"""


def run(out: Callable[[str], Any] = print) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = os.environ.get("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        address = Path(folder) / "address"
        environment = {**os.environ, "DEBUG": "1", "DATABASE_URL": database, "VAR_DIR": folder}
        found = json.loads(
            subprocess.run(
                [sys.executable, "-m", "bench.lots", "100000", str(address)],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.splitlines()[-1]
        )
        out(f"closed and frozen in {found['close']:.2f} s, drawn in {found['draw']:.2f} s")
        record("draws.close_and_draw_s", found["close"] + found["draw"], "s", BARE, found["bare"])
        path = address.read_text(encoding="utf-8")
        with running(Path(folder) / "server", database) as server, chromium() as browser:
            page = browser.new_page(base_url=server.url)
            own, theirs = _verify(page, path)
        out(f"verified in the browser in {own:.2f} s, by crypto.subtle alone in {theirs:.2f} s")
        record("draws.verify_s", own, "s", SUBTLE, theirs)


def _verify(page: Page, path: str) -> tuple[float, float]:
    """Seconds, the slowest of a few: the list fetched, the tickets computed, the verdict shown."""
    page.goto(path)
    page.wait_for_selector("html[data-started]")
    own = max(page.evaluate(OWN) for _ in range(ROUNDS))
    return own / 1000, max(page.evaluate(THEIRS) for _ in range(ROUNDS)) / 1000
