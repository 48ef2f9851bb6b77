"""What the square on a shopper's phone says when she collects, and how it is read. Pure."""

from __future__ import annotations

import re
import unicodedata

_SCANNED = re.compile(r"([0-9a-z]{16})[^0-9a-z]*([0-9]{6})")
_CODE = re.compile(r"[0-9]{6}")
CODE_LENGTH = 6


def pickup_text(number: str, code: str) -> str:
    """An order's number and its code, in capitals: a QR code of those is smaller."""
    return f"{number.upper()}-{code}"


def read_pickup(typed: str) -> tuple[str, str]:
    """(number, code) of what was scanned; the number is empty where only the code was typed.

    Both are empty for anything else. A scanner that thinks it is another keyboard may write
    another sign between them.
    """
    text = "".join(unicodedata.normalize("NFKC", typed).casefold().split())
    if scanned := _SCANNED.fullmatch(text):
        return scanned[1], scanned[2]
    return ("", text) if _CODE.fullmatch(text) else ("", "")
