"""The orders list at 1,000,000 orders beside the same at 1,000, in the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.apart import measured
from bench.report import record

REFERENCE = "the same list of a shop with 1,000 orders"


def run(out: Callable[[str], Any] = print) -> None:
    """Measure in a process and a database of its own."""
    found = measured("bench.selling")
    out(f"{found['orders']:,} orders filled in {found['filled_s']:.0f} s")
    for what, (little, much) in found["each"].items():
        out(f"{what or 'plain':30} p95 {little:6.1f} ms → {much:6.1f} ms")
    if found["queries"]["little"] != found["queries"]["much"]:
        out(f"queries differ: {found['queries']}")
    for figure in ("p95", "median"):
        little, much = (found[figure][shop] * 1000 for shop in ("little", "much"))
        record(f"orders.{figure}_ms", much, "ms", REFERENCE, little)
    most = {shop: max(counts) for shop, counts in found["queries"].items()}
    record("orders.queries", most["much"], "queries", REFERENCE, most["little"])
