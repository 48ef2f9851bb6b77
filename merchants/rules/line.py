"""One line of text as a person may type it into a short field. Pure."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # hold emoji and some scripts together


def is_plain(text: str) -> bool:
    """No control characters, no line breaks, nothing that turns the reading direction."""
    return all(letter in JOINERS or not _hidden(letter) for letter in text)


def visible(text: str) -> str:
    """A text of several lines without what nobody can see."""
    kept = JOINERS + "\n\t"
    return "".join(letter for letter in text if letter in kept or not _hidden(letter))


def _hidden(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
