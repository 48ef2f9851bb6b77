"""A worker that is killed while it brings goods in leaves nothing out and nothing twice."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db.models import Sum

from merchants.models import Import, Stock, StockMovement
from merchants.rules.column import Column
from merchants.rules.importing import ImportState
from merchants.services.import_run import run
from merchants.services.importing import apply_import, begin_import, name_columns
from tests.races.shopper import nothing_is_broken
from tests.servers import ROOT, database_url, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]
ROWS = 3000  # six batches
KILLS = 3
SHEET = "品名,编码,价格,库存\n" + "".join(f"茶{n},K{n},10,2\n" for n in range(ROWS))


@contextmanager
def working(folder: Path) -> Iterator[None]:
    """A worker that brings goods in, killed at the end of the block."""
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DATABASE_URL": database_url(),
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.races.worker", "run_imports"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def batch(transactional_db, shop, alice, store, settings, tmp_path) -> Import:
    """A sheet that was looked at, and is to be brought in."""
    settings.VAR_DIR = tmp_path
    file = io.BytesIO(SHEET.encode())
    batch = begin_import(merchant=shop, by=alice, file=file, file_name="goods.csv", store=store)
    columns = {int(at): Column(what) for at, what in batch.columns.items()}
    name_columns(batch=batch, columns=columns, store=store)
    run(batch.pk)
    batch.refresh_from_db()
    apply_import(batch=batch)
    return batch


def test_a_sheet_whose_worker_is_killed_again_and_again_comes_in_once(batch, shop, tmp_path):
    def stands() -> int:
        batch.refresh_from_db()
        return batch.cursor

    killed_within = 0
    for _ in range(KILLS):
        before = stands()
        with working(tmp_path):
            until(lambda before=before: stands() > before, 40)
            time.sleep(random.uniform(0, 0.2))
        stands()
        killed_within += batch.state == ImportState.APPLYING
        Import.objects.update(leased_until=None)  # so much later that the dead one's lease is over
    assert killed_within, "it was done before the first was killed: no trial"
    with working(tmp_path):
        until(lambda: stands() and batch.state == ImportState.DONE, 60)
    assert shop.variants.filter(sku__startswith="K").count() == ROWS
    assert Stock.objects.aggregate(all=Sum("on_hand"))["all"] == 2 * ROWS
    assert StockMovement.objects.count() == ROWS
    assert nothing_is_broken()
