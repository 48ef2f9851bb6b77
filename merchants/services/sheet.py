"""Goods sheets as files: CSV in any of the usual encodings, and XLSX. Read as a stream of rows.

Nothing in an uploaded file is trusted: not its name, not its size once unpacked, not its XML
(openpyxl parses with defusedxml as soon as that is installed).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.errors import RuleBroken
from merchants.rules.heading import is_heading

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
MOST_UNPACKED = 150 * 1024 * 1024
MOST_TEXT = 60_000_000  # characters in all cells together
MOST_PARTS = 2_000
MOST_IN_CELL = 4_000  # characters that are read of one
HEADING_WITHIN = 10  # rows of titles and notes that may stand above the heading
SAMPLES, SAMPLE_ROWS = 3, 50  # values of a column, from so many rows

MOST_EXPORTED = 100_000  # rows that are put together while a request waits

_NEGATIVE = re.compile(r"-[0-9]{1,20}(\.[0-9]{1,4})?")
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class BadSheet(RuleBroken):
    code = "bad_sheet"
    status = 422
    sentence = _l("This file is not a table we can read. CSV and XLSX work.")


@dataclass(frozen=True)
class Shape:
    """How a file is to be read."""

    kind: str  # "csv" or "xlsx"
    encoding: str = ""
    delimiter: str = ""


def shape_of(path: Path) -> Shape:
    """Find out what a file is by what is in it. Raises BadSheet with what to do about it."""
    if path.stat().st_size == 0:
        raise BadSheet(_("This file is empty."))
    if path.stat().st_size > MOST_BYTES:
        raise BadSheet(_("This file is larger than 20 MB. Save the goods alone, without pictures."))
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if head.startswith(_ZIP):
        _check_parts(path)
        return Shape("xlsx")
    if head.startswith(_OLD_EXCEL):
        raise BadSheet(_("This is the Excel format of before 2007. Save it as .xlsx or .csv."))
    encoding = _encoding(path)
    if "\x00" in head.decode(encoding, "ignore"):
        raise BadSheet
    return Shape("csv", encoding, _delimiter(head.decode(encoding, "ignore")))


def _check_parts(path: Path) -> None:
    """An XLSX is a zip: look at what it claims to unpack to before a byte of it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as trouble:
        raise BadSheet(_("This file is broken. Open it in Excel or WPS and save it again.")) from (
            trouble
        )
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise BadSheet
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadSheet(_("This file unpacks to more than we take. Save the goods alone."))


def _encoding(path: Path) -> str:
    """The first encoding in which the whole file makes sense."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"  # "Unicode text" of Excel
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(256 * 1024):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadSheet(_("The characters of this file cannot be read. Save it as CSV UTF-8."))


def _delimiter(head: str) -> str:
    """The sign that cuts the first lines into the most equal rows."""
    lines = [line for line in head.splitlines()[:20] if line.strip()]

    def score(sign: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign)]
        widest = max(widths, default=0)
        return (widths.count(widest) if widest > 1 else 0) * min(widest, 8), widest

    try:
        return max(",;\t|", key=score)
    except csv.Error:
        return ","


def rows(path: Path, shape: Shape) -> Iterator[tuple[int, list[str]]]:
    """(number as the program of the sheet shows it, its cells as text) of every row.

    Raises BadSheet in the middle if the file turns out to be broken or too large.
    """
    source = _xlsx(path) if shape.kind == "xlsx" else _csv(path, shape)
    read = 0
    for number, whole in source:
        cells = [cell[:MOST_IN_CELL].replace("\x00", "") for cell in whole]
        read += sum(map(len, cells))
        if read > MOST_TEXT:
            raise BadSheet(_("This file holds more text than we take. Save the goods alone."))
        if number > MOST_ROWS + HEADING_WITHIN + 1:
            raise BadSheet(_("At most 50,000 rows at a time. Cut the file in two."))
        if len(cells) > MOST_COLUMNS:
            raise BadSheet(_("At most 100 columns. Delete the empty ones on the right."))
        yield number, cells


def _csv(path: Path, shape: Shape) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(128 * 1024)
    with path.open(encoding=shape.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=shape.delimiter)
        try:
            for number, cells in enumerate(reader, 1):
                while cells and not cells[-1].strip():
                    cells.pop()
                yield number, cells
        except (csv.Error, UnicodeError) as trouble:
            raise BadSheet(
                _("Row %(row)s cannot be read: a quotation mark is missing, or a cell is too long.")
                % {"row": reader.line_num}
            ) from trouble


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # a third of a second that no start should wait for

    from merchants.services.formula import mark, unreckoned
    from merchants.services.merged import Filling, merged

    try:
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.active or book.worksheets[0]
            sheet.reset_dimensions()
            filling = Filling(merged(path, sheet._worksheet_path))
            missing = unreckoned(path, sheet._worksheet_path, MOST_COLUMNS)
            wide = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
            for number, values in enumerate(wide, 1):
                cells = [_text(value) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                yield number, filling.fill(number, mark(cells, missing.get(number, [])))
    except BadSheet:
        raise
    except Exception as trouble:  # whatever a hostile or half-written workbook makes openpyxl raise
        raise BadSheet(_("This file is broken. Open it in Excel or WPS and save it again.")) from (
            trouble
        )


def _text(value: Any) -> str:
    """A cell as a person sees it: 12 and not 12.0, a barcode and not 6.9E+12."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(round(value, 6))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)[:MOST_IN_CELL]


def heading(path: Path, shape: Shape) -> tuple[int, list[str]]:
    """(number of the row, headers). Titles and notes above the heading are passed over.

    Raises BadSheet if there is no row with words in it.
    """
    first: tuple[int, list[str]] | None = None
    for number, cells in rows(path, shape):
        if number > HEADING_WITHIN:
            break
        if is_heading(cells):
            return number, cells
        if first is None and sum(bool(cell.strip()) for cell in cells) > 1:
            first = number, cells
    if first is None:
        raise BadSheet(_("We found no heading. The first row should name the columns."))
    return first


def samples(path: Path, shape: Shape, heading_row: int, columns: int) -> list[list[str]]:
    """For each column its first few values that say something, from the rows below the heading.

    A sheet that breaks off among them gives those before: the check says where it does.
    """
    found: list[list[str]] = [[] for _column in range(columns)]
    with suppress(BadSheet):
        for number, cells in rows(path, shape):
            if number > heading_row + SAMPLE_ROWS:
                break
            if number > heading_row:
                _gather(found, cells)
    return found


def _gather(found: list[list[str]], cells: list[str]) -> None:
    for column, text in zip(found, cells, strict=False):
        if text.strip() and len(column) < SAMPLES:
            column.append(text.strip()[:40])


def write_csv(table: Iterator[list[str]]) -> Iterator[str]:
    """The lines of a CSV that Excel opens right: UTF-8 with a mark, formulas disarmed."""
    yield "\ufeff"
    line = io.StringIO()
    writer = csv.writer(line)
    for cells in table:
        writer.writerow([disarm(cell) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def too_many(most: int) -> str:
    """What is said when a list is longer than one file should be."""
    return _("More than %(most)s rows do not go into one file. Choose fewer days.") % {
        "most": f"{most:,}"
    }


def disarm(cell: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe, as OWASP advises.

    A negative number is a number.
    """
    if cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} or _NEGATIVE.fullmatch(cell):
        return cell
    return f"'{cell}"
