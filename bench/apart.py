"""A measurement in a process and a database of its own, so that none sees what another left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def measured(module: str) -> dict[str, Any]:
    """What `python -m module` prints as JSON in its last line."""
    with tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder:
        environment = os.environ | {
            "DEBUG": "1",
            "REDIS_URL": "",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "VAR_DIR": folder,
            "LOG_LEVEL": "WARNING",
        }
        done = subprocess.run(
            [sys.executable, "-m", module],
            env=environment,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
