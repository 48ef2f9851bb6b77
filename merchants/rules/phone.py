"""Telephone numbers. Pure.

A shop's own is kept forgivingly: landlines, extensions, 400 numbers.
"""

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


def mask_phone(number: str) -> str:
    """138 **** 2688: enough to recognise, not enough to call."""
    digits = "".join(letter for letter in number if letter.isdigit())
    if digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) < 8:
        return "****" if digits else ""
    return f"{digits[:3]} **** {digits[-4:]}"
