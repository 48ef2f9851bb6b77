"""The life of a product, and what a variant weighs. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class ProductState(StrEnum):
    DRAFT = "draft"
    ON_SALE = "on_sale"
    ARCHIVED = "archived"


MOST_GRAMS = 1_000_000
_UNITS = {"": 1, "g": 1, "克": 1, "kg": 1000, "公斤": 1000, "千克": 1000, "斤": 500, "两": 50}
_WEIGHT = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*(g|克|kg|公斤|千克|斤|两)?")

_POUND, _OUNCE = Decimal("453.59237"), Decimal("28.349523125")
_SHEET_UNITS: dict[str, int | Decimal] = {
    **_UNITS,
    **dict.fromkeys(("gram", "grams"), 1),
    **dict.fromkeys(("kgs", "kilogram", "kilograms"), 1000),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), _POUND),
    **dict.fromkeys(("oz", "ounce", "ounces"), _OUNCE),
}
_SHEET_WEIGHT = re.compile(r"(\d{1,9}(?:\.\d{0,12})?)\s*([a-z]+\.?|克|公斤|千克|斤|两)?")


def parse_weight(text: str) -> int | None:
    """Grams of `250`, `250g`, `1.5 kg`, `2斤`, full-width too; None if it is no weight."""
    found = _WEIGHT.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    if found is None:
        return None
    grams = Decimal(found[1]) * _UNITS[found[2] or ""]
    if grams != int(grams) or not 0 < grams <= MOST_GRAMS:
        return None
    return int(grams)


def grams_of(text: str, unit: str = "") -> int | None:
    """Whole grams of what a sheet says, in `unit` (grams if it is none) unless it names its own.

    0 where it says 0; None if it is no weight or more than anything weighs.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    plain = re.sub(r",(?=\d{3}(?!\d))", "", plain).replace(",", ".")  # 1,200 and 1,5
    found = _SHEET_WEIGHT.fullmatch(plain)
    if found is None:
        return None
    named = (found[2] or unicodedata.normalize("NFKC", unit).strip().lower()).rstrip(".")
    each = _SHEET_UNITS.get(named)
    if each is None:
        return None
    grams = Decimal(found[1]) * each
    if grams > MOST_GRAMS:
        return None
    return max(int(grams.to_integral_value(ROUND_HALF_UP)), 1) if grams else 0


def plain_weight(grams: int) -> str:
    """As it is typed: 250g, 1.5kg."""
    return f"{grams}g" if grams < 1000 else f"{(Decimal(grams) / 1000).normalize():f}kg"
