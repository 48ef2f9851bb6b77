"""The life of a product, and what a variant weighs. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from enum import StrEnum


class ProductState(StrEnum):
    DRAFT = "draft"
    ON_SALE = "on_sale"
    ARCHIVED = "archived"


MOST_GRAMS = 1_000_000
_UNITS = {"": 1, "g": 1, "克": 1, "kg": 1000, "公斤": 1000, "千克": 1000, "斤": 500, "两": 50}
_WEIGHT = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*(g|克|kg|公斤|千克|斤|两)?")


def parse_weight(text: str) -> int | None:
    """Grams of `250`, `250g`, `1.5 kg`, `2斤`, full-width too; None if it is no weight."""
    found = _WEIGHT.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    if found is None:
        return None
    grams = Decimal(found[1]) * _UNITS[found[2] or ""]
    if grams != int(grams) or not 0 < grams <= MOST_GRAMS:
        return None
    return int(grams)


def plain_weight(grams: int) -> str:
    """As it is typed: 250g, 1.5kg."""
    return f"{grams}g" if grams < 1000 else f"{(Decimal(grams) / 1000).normalize():f}kg"
