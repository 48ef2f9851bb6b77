"""The life of an import of goods. Pure."""

from __future__ import annotations

import math
from enum import StrEnum

GUESSING = 5  # seconds, until a pace can be told


class ImportState(StrEnum):
    """`mapping → checking → checked → applying → done → undoing → undone`; checking may fail.

    `checking`, `applying` and `undoing` are the worker's; the others wait for a person.
    """

    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


WORKING = (ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING)
NEXT = {
    ImportState.MAPPING: {ImportState.CHECKING},
    ImportState.CHECKING: {ImportState.CHECKED, ImportState.FAILED},
    ImportState.CHECKED: {ImportState.CHECKING, ImportState.APPLYING, ImportState.MAPPING},
    ImportState.APPLYING: {ImportState.DONE},
    ImportState.DONE: {ImportState.UNDOING},
    ImportState.UNDOING: {ImportState.UNDONE},
    ImportState.UNDONE: set(),
    ImportState.FAILED: {ImportState.CHECKING, ImportState.MAPPING},
}


def before(state: ImportState) -> tuple[ImportState, ...]:
    """The states from which this one may be reached."""
    return tuple(first for first, after in NEXT.items() if state in after)


class Outcome(StrEnum):
    """What a row means for the shop, and what became of it."""

    NEW = "new"
    CHANGE = "change"
    SAME = "same"
    SILENT = "silent"  # describes its product, or says nothing
    BAD = "bad"


TO_APPLY = (Outcome.NEW, Outcome.CHANGE)


def minutes_left(done: int, total: int, seconds: float) -> int | None:
    """How long the rest takes at the pace so far, at least 1; None while that would be a guess."""
    if seconds < GUESSING or done <= 0:
        return None
    return max(math.ceil(seconds * (total - done) / done / 60), 1)
