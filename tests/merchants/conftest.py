"""A sheet on its way into the shop, and a brand on its way to its badge, as far as a test wants."""

from __future__ import annotations

import io

import pytest
from django.test import Client

from merchants.models import Import, User, Verification
from merchants.rules.column import Column
from merchants.rules.verification import Paper
from merchants.services.import_run import run
from merchants.services.importing import apply_import, begin_import, name_columns
from merchants.services.verification import (
    approve,
    keep_papers,
    save_draft,
    submit,
    verification_of,
)
from tests.merchants.papers import WORDS, sheet


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


# --- a brand ----------------------------------------------------------------------
@pytest.fixture
def admin(db) -> User:
    return User.objects.create_superuser("root@example.com", "a long password", name="Root")


@pytest.fixture
def draft(shop) -> Verification:
    found = verification_of(shop)
    version = keep_papers(
        verification=found,
        version=found.version,
        papers={Paper.LICENCE: sheet(), Paper.TRADEMARK: sheet("#c7391d")},
    )
    return save_draft(verification=found, version=version, words=WORDS)


@pytest.fixture
def submitted(draft, carol) -> Verification:
    return submit(verification=draft, version=draft.version, by=carol)


@pytest.fixture
def approved(submitted, admin) -> Verification:
    return approve(verification=submitted, version=submitted.version, by=admin)


@pytest.fixture
def as_carol(carol) -> Client:
    client = Client()
    client.force_login(carol)
    return client
