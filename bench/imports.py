"""50,000 rows through the importer, beside a bare bulk_create of the same rows in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.report import record

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = "bare bulk_create of the same products, variants, stock and movements"


def run(out: Callable[[str], Any] = print) -> None:
    """Measure in a process and a database of its own."""
    with tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder:
        environment = os.environ | {
            "DEBUG": "1",
            "REDIS_URL": "",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "VAR_DIR": folder,
            "LOG_LEVEL": "WARNING",
        }
        measured = subprocess.run(
            [sys.executable, "-m", "bench.importing"],
            env=environment,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found = json.loads(measured.stdout.splitlines()[-1])
    out(f"{found['rows']} rows; checked {found['check']:.0f}/s, undone {found['undo']:.0f}/s")
    record("imports.apply_s", found["apply_s"], "s", REFERENCE, found["bare_s"])
    record("imports.rows_per_s", found["apply"], "rows/s", REFERENCE, found["bare"])
    record("imports.check_rows_per_s", found["check"], "rows/s", REFERENCE, found["bare"])
    record("imports.memory_mb", found["memory_mb"], "MB grown", "the aim", 300)
