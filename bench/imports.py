"""50,000 rows through the importer, beside a bare bulk_create of the same rows in the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.apart import measured
from bench.report import record

REFERENCE = "bare bulk_create of the same products, variants, stock and movements"


def run(out: Callable[[str], Any] = print) -> None:
    """Measure in a process and a database of its own."""
    found = measured("bench.importing")
    out(f"{found['rows']} rows; checked {found['check']:.0f}/s, undone {found['undo']:.0f}/s")
    record("imports.apply_s", found["apply_s"], "s", REFERENCE, found["bare_s"])
    record("imports.rows_per_s", found["apply"], "rows/s", REFERENCE, found["bare"])
    record("imports.check_rows_per_s", found["check"], "rows/s", REFERENCE, found["bare"])
    record("imports.memory_mb", found["memory_mb"], "MB grown", "the aim", 300)
