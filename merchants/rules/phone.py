"""A shop's telephone number, forgivingly: landlines, extensions, 400 numbers. Pure."""

from __future__ import annotations

import re
import unicodedata

SHAPE = re.compile(r"\+?[\d\s()./-]+(?:\s*(?:转|ext\.?|x|#)\s*\d{1,6})?", re.ASCII | re.IGNORECASE)
LEAST, MOST = 5, 17  # digits: from a hotline such as 12345 to a foreign number with an extension


def parse_phone(text: str) -> str | None:
    """The number with plain digits and single spaces; None if nobody could dial it."""
    typed = " ".join(unicodedata.normalize("NFKC", text).replace("–", "-").split())
    digits = sum(letter.isdigit() for letter in typed)
    return typed if SHAPE.fullmatch(typed) and LEAST <= digits <= MOST else None
