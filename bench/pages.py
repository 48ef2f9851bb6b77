"""The pages that are asked for most: their queries must not grow with what they show.

Each page is asked twice, in a shop with two products, orders and chat lines and in one with forty;
the second number is the figure, the first its reference, so a ratio of 1 is a constant count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.apart import measured
from bench.report import record

REFERENCE = "the same page with 2 instead of 40 rows"


def run(out: Callable[[str], Any] = print) -> None:
    """Count in a process and a database of its own."""
    found = measured("bench.counting")
    little, much = found["little"], found["much"]
    for page in ("room", "products", "orders"):
        out(f"{page}: {much[page]} queries, {much[f'{page}_ms']:.0f} ms of CPU with DEBUG on")
        record(f"pages.{page}_queries", much[page], "queries", REFERENCE, little[page])
