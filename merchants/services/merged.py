"""Cells of a workbook that were merged downwards: one name beside several sizes.

openpyxl does not tell of them while it streams rows, for they stand behind all rows; so the part is
read once more, as bytes. (ECMA-376 part 1, 18.3.1.54 mergeCell.)
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from openpyxl.utils import column_index_from_string

BLOCK = 1024 * 1024
TAIL = 200  # a reference that lies across two blocks is shorter
MOST = 50_000  # as many as there may be rows
References = Iterator[tuple[bytes, ...]]
_REF = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')

Downwards = dict[int, dict[int, int]]  # column -> first row -> last row, columns from 0


def merged(path: Path, part: str) -> Downwards:
    """The cells of one column that were made into one, in a worksheet of the workbook at `path`."""
    found: Downwards = {}
    count = 0
    for first, top, last, bottom in references(path, part, _REF, TAIL):
        if first == last and (count := count + 1) <= MOST:
            column = column_index_from_string(first.decode()) - 1
            found.setdefault(column, {})[int(top)] = int(bottom)
    return found


def references(path: Path, part: str, pattern: re.Pattern[bytes], tail: int) -> References:
    """The groups of every match of `pattern`, none longer than `tail`, in a part of a workbook."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as xml:
        kept = b""
        while block := xml.read(BLOCK):
            text = kept + block
            ends = 0
            for match in pattern.finditer(text):
                yield match.groups()
                ends = match.end()
            kept = text[max(ends, len(text) - tail) :]


class Filling:
    """Writes the value of a merged cell into each of the rows that it covers."""

    def __init__(self, downwards: Downwards) -> None:
        self.downwards = downwards
        self.open: dict[int, tuple[int, str]] = {}  # column -> last row, text

    def fill(self, number: int, cells: list[str]) -> list[str]:
        """The cells of row `number` (from 1) as a person reads them. Rows come in order."""
        for column, ranges in self.downwards.items():
            if last := ranges.get(number):
                self.open[column] = last, cells[column] if column < len(cells) else ""
            last, text = self.open.get(column, (0, ""))
            if number <= last and text:
                cells += [""] * (column + 1 - len(cells))
                cells[column] = cells[column] or text
        return cells
