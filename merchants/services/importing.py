"""The verbs of an import: begin, name the columns, check, apply, undo. A worker does the long ones.

Long work goes in batches. Each batch is one transaction that also moves `cursor` on and renews the
lease, and it commits only while the lease is still this worker's: a killed worker's next one goes
on where it stopped, and two never do the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.errors import RuleBroken
from merchants.models import Import, Merchant, Reservation, StockMovement, Store, User
from merchants.models.importing import STATE_LABELS
from merchants.rules.column import CHOOSABLE, SEVERAL, Column, lacking, signature
from merchants.rules.heading import guess, kind_of
from merchants.rules.importing import WORKING, ImportState, before
from merchants.services.sheet import BadSheet, heading, samples, shape_of
from merchants.services.store import keep_open

LEASE = timedelta(seconds=30)  # a batch takes one; longer than any
KEPT = timedelta(days=30)  # files and rows, once nothing can be done with them


class BadColumns(RuleBroken):
    code = "bad_columns"
    status = 422


class AlreadySold(RuleBroken):
    code = "already_sold"


class WrongState(RuleBroken):
    code = "wrong_state"

    def __init__(self, state: str) -> None:
        super().__init__(
            _("The import is at “%(state)s”: this is not possible now.")
            % {"state": STATE_LABELS[state]}
        )


class Overtaken(Exception):
    """Another worker has taken over: what this one was doing is rolled back."""


def begin_import(
    *, merchant: Merchant, by: User, file: BinaryIO, file_name: str, store: Store | None
) -> Import:
    """Keep the file, find out what it is and guess its columns. Nothing reaches the shop yet.

    Raises BadSheet for a file that is no table; then nothing is kept.
    """
    batch = Import(merchant=merchant, by=by, store=store, file_name=Path(file_name).name[:120])
    batch.file.save("sheet", File(file), save=False)
    try:
        _look(batch)
    except BadSheet:
        batch.file.delete(save=False)
        raise
    batch.save()
    return batch


def _look(batch: Import) -> None:
    path = Path(batch.file.path)
    shape = shape_of(path)
    number, headers = heading(path, shape)
    batch.shape = dict(shape.__dict__)
    batch.heading_row, batch.headers = number, headers
    batch.samples = samples(path, shape, number, len(headers))
    batch.kind = kind_of(headers)
    batch.signature = signature(headers)
    batch.columns = _remembered(batch) or {str(at): column for at, column in guess(headers).items()}


def _remembered(batch: Import) -> dict[str, str]:
    """How this merchant named the columns of such a sheet the last time."""
    last = batch.merchant.imports.filter(signature=batch.signature).exclude(
        state=ImportState.MAPPING
    )
    return last.values_list("columns", flat=True).first() or {}


@transaction.atomic
def name_columns(*, batch: Import, columns: Mapping[int, Column], store: Store | None) -> None:
    """Say what the columns hold, and have the sheet checked with that.

    Raises BadColumns if a needed one is missing or one is there twice, StoreClosed.
    """
    for column in lacking(columns.values()):
        raise BadColumns(
            _("Say which column holds the name.")
            if column is Column.NAME
            else _("Say which column holds the price.")
        )
    named = list(columns.values())
    if any(named.count(column) > 1 for column in set(named) - SEVERAL):
        raise BadColumns(_("Two columns cannot hold the same thing."))
    kept = {at: what for at, what in batch.columns.items() if Column(what) not in CHOOSABLE}
    batch.columns = kept | {str(at): column.value for at, column in sorted(columns.items())}
    _move(batch, ImportState.CHECKING, columns=batch.columns, store=store, cursor=0, total=0)
    batch.rows.all().delete()
    if store is not None:
        keep_open(store.pk)


@transaction.atomic
def rename_columns(*, batch: Import) -> None:
    """Go back to naming the columns. Nothing has reached the shop."""
    _move(batch, ImportState.MAPPING)


@transaction.atomic
def apply_import(*, batch: Import) -> None:
    """Have a worker bring in what is good. Rows with a grave problem stay out.

    Raises StoreClosed if the store it counts for was closed since.
    """
    _move(batch, ImportState.APPLYING, cursor=0, started_at=timezone.now())
    if batch.store_id is not None:
        keep_open(batch.store_id)


@transaction.atomic
def undo_import(*, batch: Import) -> None:
    """Have a worker take everything out again. Raises AlreadySold, or StoreClosed: what the sheet
    took from a store goes back there.
    """
    _move(batch, ImportState.UNDOING, cursor=0)
    if batch.store_id is not None:
        keep_open(batch.store_id)
    if sold := sold_of(batch):
        raise AlreadySold(
            _("“%(name)s” has already been sold or booked. What was sold cannot be undone.")
            % {"name": sold}
        )


def sold_of(batch: Import) -> str:
    """The name of something in this import that was held or booked since it began, or ""."""
    held = Reservation.objects.filter(
        stock__variant=OuterRef("variant"), opened_at__gte=batch.started_at
    )
    moved = StockMovement.objects.filter(
        stock__variant=OuterRef("variant"), at__gte=batch.started_at
    ).exclude(reference=batch.reference)
    rows = batch.rows.filter(Exists(held) | Exists(moved), applied=True)
    row = rows.select_related("variant__product").first()
    return str(row.variant) if row else ""


def _move(batch: Import, state: ImportState, **changes: object) -> None:
    there = Import.objects.exclude(file="")  # without its file nothing is left to be done
    moved = there.filter(pk=batch.pk, state__in=before(state)).update(
        state=state.value, leased_until=None, failure="", **changes
    )
    batch.refresh_from_db()
    if not moved:
        raise WrongState(batch.state)


def due(now: datetime) -> list[int]:
    """Imports that wait for a worker, or whose worker was killed."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return list(
        Import.objects.filter(free, state__in=WORKING).order_by("pk").values_list("pk", flat=True)
    )


def take_lease(pk: int) -> Import | None:
    """Make an import this worker's for a while; None if another has it or nothing is to be done."""
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    taken = Import.objects.filter(free, pk=pk, state__in=WORKING).update(leased_until=now + LEASE)
    return Import.objects.select_related("merchant", "store", "by").get(pk=pk) if taken else None


def commit_batch(batch: Import, act: Callable[[], None], **changes: object) -> None:
    """Run `act` and note `changes` in one transaction, if the lease is still ours.

    Raises Overtaken, and undoes what `act` did, if it is not.
    """
    with transaction.atomic():
        until = timezone.now() + LEASE
        ours = Import.objects.filter(
            pk=batch.pk, state=batch.state, leased_until=batch.leased_until
        ).update(leased_until=until, **changes)
        if not ours:
            raise Overtaken
        act()
    batch.leased_until = until
    for name, value in changes.items():
        setattr(batch, name, value)


def finish(batch: Import, state: ImportState, **changes: object) -> None:
    """Hand the import back to people."""
    done = Import.objects.filter(
        pk=batch.pk, state=batch.state, leased_until=batch.leased_until
    ).update(state=state.value, leased_until=None, **changes)
    if not done:
        raise Overtaken
    batch.refresh_from_db()


def forget_imports(now: datetime) -> int:
    """Delete files and rows of imports that nobody can do anything with any more."""
    old = Import.objects.filter(created_at__lt=now - KEPT).exclude(state__in=WORKING)
    count = 0
    for batch in old.exclude(file=""):
        batch.file.delete(save=False)
        batch.rows.all().delete()
        count += Import.objects.filter(pk=batch.pk).update(file="")
    return count
