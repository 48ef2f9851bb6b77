"""Cells of a workbook whose formula nobody has reckoned: a program wrote it and saved no result.

openpyxl tells either formulas or results, and an empty result as an empty cell; so the part is read
once more, as bytes. A cell of type "str" has its result, be it an empty text: that is what
`=IF(B2="","",B2*1.2)` comes to in a row without goods. (ECMA-376 part 1, 18.3.1.4 c, 18.3.1.40 f.)
"""

from __future__ import annotations

import re
from pathlib import Path

from openpyxl.utils import column_index_from_string

from merchants.rules.cell import FORMULA
from merchants.services.merged import references

MOST = 200_000  # cells that are remembered
LONGEST = 9_000  # bytes of a cell with its formula; Excel takes 8,192 characters
_CELL = re.compile(
    rb'<(?:\w+:)?c (?![^>]{0,160}\bt="str")[^>]{0,80}?r="([A-Z]{1,3})(\d{1,7})"[^>]{0,80}>'
    rb"<(?:\w+:)?f(?: [^>]{0,200})?(?:/>|>[^<]{0,8200}</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v(?: ?/>|></(?:\w+:)?v>))?</(?:\w+:)?c>"
)


def unreckoned(path: Path, part: str, columns: int) -> dict[int, list[int]]:
    """{row: its columns, from 0} of the formulas without a result, in a part of a workbook.

    Only of the first `columns`: what lies beyond them is read by nobody.
    """
    found: dict[int, list[int]] = {}
    for count, (column, row) in enumerate(references(path, part, _CELL, LONGEST)):
        if count == MOST:
            break
        place = column_index_from_string(column.decode()) - 1
        if place < columns:
            found.setdefault(int(row), []).append(place)
    return found


def mark(cells: list[str], columns: list[int]) -> list[str]:
    """The cells of a row, with FORMULA where a result is missing."""
    for column in columns:
        cells += [""] * (column + 1 - len(cells))
        cells[column] = cells[column] or FORMULA
    return cells
