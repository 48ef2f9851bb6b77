"""What is said and tapped: lines kept for good, and hearts folded into one number.

Five hundred guests offer a line a second each, what one guest may say. A line counts when its
author has been told that it is kept. Beside it, on the same database in the same run: one bare row
after the other, each in a transaction of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from bench.fanout import SECONDS, Load, measure, raise_file_limit
from bench.hosts import Host, postgres, prepare, product
from bench.report import record

OFFERED = Load(500, 500)
HEARTS = Load(500, 0, hearts=10)  # 10,000 a second
BARE = "one bare row a transaction, same database"
Out = Callable[[str], Any]


def run(out: Out = print) -> None:
    """Measure chat on both databases, and hearts."""
    raise_file_limit(OFFERED.viewers + 500)
    _chat("sqlite", nullcontext(""), out)
    _chat("postgres", postgres(), out)
    _likes(out)


def _chat(name: str, opening: Any, out: Out) -> None:
    with opening as database:
        held = _Held(product(talkers=OFFERED.rate, database=database), "chat")
        said = measure(held, OFFERED, out)
        record(f"chat.{name}_per_s", said.acked / SECONDS, "lines kept", BARE, held.bare["per_s"])
        record(f"chat.{name}_p95_ms", said.acked_p95_ms, "ms", BARE, held.bare["p95_ms"])


def _likes(out: Out) -> None:
    held = _Held(product(talkers=0), "likes", after="bench.counted")
    tapped = measure(held, HEARTS, out)
    taps = HEARTS.viewers * HEARTS.hearts * 2 * SECONDS
    record("likes.per_s", taps / SECONDS, "taps", "one bare UPDATE each", held.bare["per_s"])
    record("likes.cpu_us", tapped.cpu_s / taps * 1e6, "µs per tap")
    record("likes.counted", held.found["likes"], "taps in the row", "taps sent", taps)
    record("likes.rows", held.found["rows"], "rows written for them")


class _Held:
    """A host that is asked what a bare row costs before the crowd comes, and what is in its
    database when it has gone.
    """

    def __init__(self, opening: Any, bare: str, after: str = "") -> None:
        self.opening, self.kind, self.after = opening, bare, after
        self.bare: dict[str, float] = {}
        self.found: dict[str, int] = {}

    def __enter__(self) -> Host:
        self.host: Host = self.opening.__enter__()
        self.bare = prepare(self.host.environment, "bench.bare", self.kind)
        self.before = self._ask()
        return self.host

    def __exit__(self, *trouble: Any) -> None:
        try:
            time.sleep(3)  # hearts are saved every two seconds
            self.found = {name: count - self.before[name] for name, count in self._ask().items()}
        finally:
            self.opening.__exit__(*trouble)

    def _ask(self) -> dict[str, int]:
        return prepare(self.host.environment, self.after) if self.after else {}
