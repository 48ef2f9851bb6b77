"""How text is folded so that search forgives case, width and spaces. Pure."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Half-width, lower case, single spaces: `ＡＢ  Ｃ` and `ab c` are the same."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "")
    return " ".join(plain.casefold().split())


def haystack(*texts: str) -> str:
    """What a search looks in: the folded texts, one per line so that no match spans two."""
    return "\n".join(fold(text) for text in texts if text)
