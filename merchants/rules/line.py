"""One line of text as a person may type it into a short field. Pure."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # hold emoji and some scripts together


def is_plain(text: str) -> bool:
    """No control characters, no line breaks, nothing that turns the reading direction."""
    return all(
        letter in JOINERS or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        for letter in text
    )
