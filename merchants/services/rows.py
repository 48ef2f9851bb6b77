"""New rows of several tables, written in one go: what a crowd's transaction spends its time with.

PostgreSQL takes them out of JSON, which costs a third of preparing each value here, and gets all
tables in one message. Elsewhere, and for the same rows: `bulk_create`, table by table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Field, Model


@transaction.atomic(savepoint=False)
def write_rows(*tables: Iterable[Model]) -> None:
    """Write the rows of each table, all of one model; one may point at a row of a table before.

    A row that is there already, and locked by the caller, is changed to what it says now. Two
    questions on PostgreSQL, however many tables. Like `bulk_create` it sends no signals.
    Raises IntegrityError.
    """
    filled = [rows for rows in map(list, tables) if rows]
    fresh = [new for rows in filled if (new := [row for row in rows if row._state.adding])]
    known = [old for rows in filled if (old := [row for row in rows if not row._state.adding])]
    if not filled:
        return
    if connection.vendor != "postgresql":
        _table_by_table(fresh, known)
        return
    with connection.cursor() as cursor:
        if fresh:
            cursor.execute(_numbers(fresh))
            numbers = chain.from_iterable(cursor.fetchone())
            for row, number in zip(chain(*fresh), numbers, strict=True):
                row.pk = number
        writes = [_insert(type(rows[0])) for rows in fresh]
        writes += [_update(type(rows[0])) for rows in known]
        cursor.execute("; ".join(writes), [_as_json(rows) for rows in (*fresh, *known)])
    for row in chain(*fresh):
        row._state.adding, row._state.db = False, connection.alias


def _table_by_table(fresh: list[list[Model]], known: list[list[Model]]) -> None:
    for rows in fresh:
        type(rows[0])._base_manager.bulk_create(rows)
    for rows in known:
        model = type(rows[0])
        names = [field.name for field in _fields(model) if not field.primary_key]
        model._base_manager.bulk_update(rows, names)


def _numbers(filled: Sequence[Sequence[Model]]) -> str:
    """Asks for a list of fresh ids for each table."""
    each = "ARRAY(SELECT nextval((SELECT pg_get_serial_sequence('{}', 'id')::regclass))"
    each += " FROM generate_series(1, {}))"
    return "SELECT " + ", ".join(each.format(rows[0]._meta.db_table, len(rows)) for rows in filled)


@cache
def _fields(model: type[Model]) -> list[Any]:
    """Those that are written."""
    return [field for field in model._meta.concrete_fields if not field.generated]


@cache
def _insert(model: type[Model]) -> str:
    table = f'"{model._meta.db_table}"'
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    rows = f"json_populate_recordset(NULL::{table}, %s)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 — names only


@cache
def _update(model: type[Model]) -> str:
    table = f'"{model._meta.db_table}"'
    columns = [field.column for field in _fields(model) if not field.primary_key]
    new = ", ".join(f'"{column}" = new."{column}"' for column in columns)
    rows = f"json_populate_recordset(NULL::{table}, %s) AS new"
    return f"UPDATE {table} SET {new} FROM {rows} WHERE {table}.id = new.id"  # noqa: S608


def _as_json(rows: Sequence[Model]) -> str:
    fields = _fields(type(rows[0]))
    unready = [one for one in fields if one.is_relation or type(one).pre_save is not Field.pre_save]
    for row in rows:
        for field in unready:
            _make_ready(field, row)
    names = [(field.column, field.attname) for field in fields]
    values = [{column: row.__dict__[name] for column, name in names} for row in rows]
    return json.dumps(values, default=_text, ensure_ascii=False, check_circular=False)


def _make_ready(field: Any, row: Model) -> None:
    """What a field sets as it is saved; and the key of a row that was written after this one was
    made to point at it."""
    value = field.pre_save(row, add=row._state.adding)
    if value is None and field.is_relation and field.is_cached(row):
        other = field.get_cached_value(row)
        setattr(row, field.attname, other and other.pk)


def _text(value: object) -> str:
    if isinstance(value, (datetime, UUID)):
        return str(value)
    raise TypeError(f"{value!r} is not written like this")
