"""The cells of one row of a goods sheet, read as amounts, pieces, weights and words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from merchants.rules import money
from merchants.rules.column import Column
from merchants.rules.line import visible
from merchants.rules.product import grams_of

MOST_PIECES = 1_000_000
_PIECES = re.compile(r"(-?\d+)(?:\.0+)?")
_PART = re.compile(r"\d*\.\d+")
_AMOUNT = re.compile(r"(-?)[¥$]?(\d+)(?:\.\d+)?")
FORMULA = "=…"  # what stands in a cell whose formula nobody has reckoned
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# As a workbook holds a day, and as Excel and WPS write it into a CSV; 0101-02-03 may be a place.
_DAY = re.compile(
    r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?:[T ][\d:.]+)?"
    r"|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?"
    rf"|\d{{1,2}}-{_MONTH}(?:-\d\d(?:\d\d)?)?|{_MONTH}-\d\d",
    re.IGNORECASE,
)
_DIGITS = 9  # of the largest price


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell. `code` is one of the sentences in merchants.models.importing."""

    column: Column
    code: str
    grave: bool = True  # the row cannot be taken; otherwise it is only worth a look
    details: Mapping[str, str] = field(default_factory=dict)


def clean(text: str) -> str:
    """Without what cannot be seen, and without the apostrophe that disarms a formula."""
    text = visible(unicodedata.normalize("NFC", text)).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


class Cells:
    """The texts of a row, by what their columns hold; what is wrong gathers in `problems`."""

    def __init__(self, texts: Mapping[Column, str], currency: str, unit: str = "") -> None:
        self.texts, self.currency, self.unit = texts, currency, unit
        self.problems: list[Problem] = []

    def text(self, column: Column) -> str:
        return self.texts.get(column, "")

    def say(self, column: Column, code: str, grave: bool = True, **details: str) -> None:
        self.problems.append(Problem(column, code, grave, details))

    def amount(self, column: Column) -> int | None:
        """Minor units, or None for nothing or no amount."""
        text = self.text(column)
        if not text or self._unreckoned(column):
            return None
        bare = re.sub(r"(元|RMB|CNY)$", "", text).strip()
        found = money.parse(bare, self.currency)
        if found is None:
            self.say(column, _wrong_amount(bare), grave=column is not Column.COMPARE_AT)
        return found

    def pieces(self, column: Column, grave: bool) -> int | None:
        text = unicodedata.normalize("NFKC", self.text(column))
        if not text or self._unreckoned(column, grave):
            return None
        match = _PIECES.fullmatch(text.replace(",", "").strip())
        if match is None:
            if _PART.fullmatch(text.strip()):
                self.say(column, "in_parts", grave)
                return None
            digits = re.match(r"\d+", text)
            self.say(column, "not_a_count", grave, **({"like": digits[0]} if digits else {}))
            return None
        number = int(match[1])
        if number < 0:
            self.say(column, "below_zero", grave)
        elif number > MOST_PIECES:
            self.say(column, "too_many", grave)
        return number if 0 <= number <= MOST_PIECES else None

    def grams(self, column: Column) -> int | None:
        """What it weighs, in the unit of the cell, of the column beside it or of the heading."""
        if not self.text(column) or self._unreckoned(column):
            return None
        unit = self.text(Column.WEIGHT_UNIT) or self.unit
        found = grams_of(self.text(column), unit)
        if found is None:
            self.say(column, "not_a_weight")
        return found or None  # shop systems write 0 where nobody weighed

    def short(self, column: Column, most: int) -> str:
        text = self.text(column)
        if self._unreckoned(column):
            return ""
        if len(text) > most:
            self.say(column, "too_long", most=str(most))
        return text[:most]

    def code(self, column: Column, most: int) -> str:
        """As `short`; of what a spreadsheet made a date of, such as 2-3, nobody knows any more."""
        if not _DAY.fullmatch(self.text(column)):
            return self.short(column, most)
        self.say(column, "a_date")
        return ""

    def _unreckoned(self, column: Column, grave: bool = True) -> bool:
        """Whether the cell holds a formula without its result, which is told then."""
        if self.text(column) != FORMULA:
            return False
        self.say(column, "formula", grave)
        return True


def _wrong_amount(text: str) -> str:
    """What is wrong with a price that is none: below nothing, beyond all, or no number at all."""
    match = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).replace(",", ""))
    if match and match[1]:
        return "below_nothing"
    return "too_dear" if match and len(match[2]) > _DIGITS else "not_an_amount"
