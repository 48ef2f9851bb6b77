"""In which order goods are fetched from their shelves. Pure."""

from __future__ import annotations

import re

_RUNS = re.compile(r"(\d+)")
_SHELF = re.compile(r"[\s\-_/.·:：—–]+")


def shelf_of(place: str) -> str:
    """The shelf of a place, which is what stands before its first sign: `A2` of `A2-3`."""
    return _SHELF.split(place.strip(), maxsplit=1)[0]


def in_sequence(place: str) -> list[tuple[int, int, str]]:
    """A key that sorts places as people count them: `A2-3` before `A2-10`, `A2` before `A10`."""
    runs = [run for run in _RUNS.split(place.strip().casefold()) if run]
    return [(0, int(run[:18]), "") if run.isdecimal() else (1, 0, run) for run in runs]
