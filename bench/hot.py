"""One hot variant: 64 buyers at once on PostgreSQL, beside pgbench on the same row.

pgbench writes the same rows that an order writes (its stock, the order, its line, what it holds)
 in one transaction each, in plain SQL from one C program: what the database can do.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.apart import ROOT
from bench.hosts import postgres
from bench.report import record

BUYERS, SECONDS = 64, 8
WAYS = ("alone", "together", "flash")  # bench.buying says what they are
REFERENCE = "pgbench, one transaction an order, same row"
SCRIPT = """\\set n random(1, 1000000000000)
BEGIN;
INSERT INTO orders_order (number, merchant_id, customer_id, state, name, phone, email, region,
  city, district, address, postcode, pickup_code, note, language, currency, goods, discount,
  shipping, total, request_mark, remembered, pool, placed_at, pay_by)
VALUES ('p' || :n, {merchant}, {customer}, 'pending_payment', '沈梅', '+8613800002688', '', '', '',
  '', '', '', '', '', 'en', 'CNY', 100, 0, 0, 100, '', true, '', now(),
  now() + interval '15 minutes')
RETURNING id \\gset
INSERT INTO orders_line (order_id, variant_id, title, quantity, list_price, unit_price,
  price_rule, discount, credit, asked_back, called_off, state)
VALUES (:id, {variant}, 'tea', 1, 100, 100, 'list', 0, 0, 0, 0, 'pending_payment');
INSERT INTO merchants_reservation (merchant_id, stock_id, quantity, reference, opened_at, taken)
VALUES ({merchant}, {stock}, 1, 'p' || :n, now(), false);
UPDATE merchants_stock SET reserved = reserved + 1, stale = true
WHERE id = {stock} AND on_hand >= reserved + 1;
COMMIT;
"""


def run(out: Callable[[str], Any] = print) -> None:
    """Measure on a database server that is gone afterwards."""
    with postgres() as database, tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder:
        before = {way: _ours(way, database, folder) for way in WAYS}
        ids = before["alone"]["ids"]
        theirs = _pgbench(database, Path(folder) / "order.sql", ids)
        after = {way: _ours(way, database, folder) for way in WAYS}  # the machine's moods hit both
    for way in WAYS:
        one, two = before[way], after[way]
        out(f"{way} {one['per_s']:.0f}/s, pgbench {theirs:.0f}/s, {way} {two['per_s']:.0f}/s")
        out(f"  CPU of ours: {one['cores']:.2f} cores of {os.cpu_count()}")
        record(f"hot.{way}_per_s", (one["per_s"] + two["per_s"]) / 2, "orders", REFERENCE, theirs)
        record(f"hot.{way}_p99_ms", max(one["p99_ms"], two["p99_ms"]), "ms")
        record(f"hot.{way}_cpu_ms", one["cpu_ms"], "ms of Python an order")
        record(f"hot.{way}_queries", one["queries"], "queries of a lone order")
        record(f"hot.{way}_left_of_2000", one["sold"], "orders", "pieces for 2,000 buyers", 100)


def _ours(way: str, database: str, folder: str) -> dict[str, Any]:
    environment = os.environ | {
        "DEBUG": "1",
        "REDIS_URL": "",
        "DATABASE_URL": database,
        "VAR_DIR": folder,
        "DATABASE_POOL": str(BUYERS),  # or half of them would wait for a connection
        "LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.buying", way, str(BUYERS), str(SECONDS)],
        env=environment,
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _pgbench(database: str, script: Path, ids: dict[str, int]) -> float:
    """Transactions a second."""
    script.write_text(SCRIPT.format(**ids), encoding="utf-8")
    near = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    program = str(near[-1]) if near else shutil.which("pgbench") or "pgbench"
    command = [program, "-n", "-c", str(BUYERS), "-j", "2", "-T", str(SECONDS), "-f", str(script)]
    done = subprocess.run([*command, database], check=True, capture_output=True, text=True)
    said = re.search(r"tps = ([\d.]+)", done.stdout)
    if said is None:
        raise RuntimeError(f"pgbench said no figure: {done.stdout}")
    return float(said[1])
