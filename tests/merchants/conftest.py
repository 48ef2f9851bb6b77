"""A sheet on its way into the shop, as far as a test wants it."""

from __future__ import annotations

import io

import pytest

from merchants.models import Import
from merchants.rules.column import Column
from merchants.services.import_run import run
from merchants.services.importing import apply_import, begin_import, name_columns


@pytest.fixture
def bring(shop, alice, store, settings, tmp_path):
    """Upload a sheet; answers the import as it waits for its columns to be named."""
    settings.VAR_DIR = tmp_path

    def bring(content: str | bytes, name: str = "goods.csv") -> Import:
        data = content.encode() if isinstance(content, str) else content
        return begin_import(
            merchant=shop, by=alice, file=io.BytesIO(data), file_name=name, store=store
        )

    return bring


@pytest.fixture
def checked(bring):
    """Upload a sheet and check it with the columns as they were guessed."""

    def checked(content: str | bytes, name: str = "goods.csv") -> Import:
        batch = bring(content, name)
        columns = {int(at): Column(what) for at, what in batch.columns.items()}
        name_columns(batch=batch, columns=columns, store=batch.store)
        run(batch.pk)
        batch.refresh_from_db()
        return batch

    return checked


@pytest.fixture
def done(checked):
    """… and bring it in."""

    def done(content: str | bytes, name: str = "goods.csv") -> Import:
        batch = checked(content, name)
        apply_import(batch=batch)
        run(batch.pk)
        batch.refresh_from_db()
        return batch

    return done
