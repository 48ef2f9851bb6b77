"""How text is folded so that search forgives case, width and spaces. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pypinyin import lazy_pinyin

_HANZI = re.compile("[\u3400-\u9fff]+")


def fold(text: str) -> str:
    """Half-width, lower case, single spaces: `ＡＢ  Ｃ` and `ab c` are the same."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "")
    return " ".join(plain.casefold().split())


def phone_digits(text: str) -> str:
    """The digits of a phone number as people write it (`138 0000-2688`, `+86 (0)571…`).

    Empty if there is anything else in it, or too little to tell one number from another.
    """
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(letter for letter in plain if letter.isdecimal())
    between = set(plain) - set(digits)
    return digits if len(digits) >= 3 and between <= set(" -+()./") else ""


def code_or_words(text: str) -> str:
    """`code` for what a scanner may have read; `words` for what has no digit: it was typed."""
    return "code" if any(letter.isdecimal() for letter in text) else "words"


def key_of(text: str) -> int:
    """The key of a row as an address or a form names it; 0, which no row has, for anything else.

    A number of 18 digits fits every database; Python reads no number of 4,301.
    """
    return int(text) if len(text) <= 18 and text.isascii() and text.isdecimal() else 0


def haystack(*texts: str) -> str:
    """What a search looks in: the folded texts, one per line so that no match spans two."""
    return "\n".join(fold(text) for text in texts if text)


def pinyin(text: str) -> str:
    """How a name in hanzi is typed without them: `明前龙井` gives `mqlj` and `mingqianlongjing`.

    One line each; empty if there are none. The readings are those of pypinyin, without tones.
    """
    read = [_syllables(run) for run in _HANZI.findall(text)]
    initials = "".join(syllable[0] for run in read for syllable in run)
    whole = "".join(syllable for run in read for syllable in run)
    return f"{initials}\n{whole}" if initials else ""


@lru_cache(maxsize=4096)  # the same words come again and again in a sheet
def _syllables(hanzi: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(hanzi))
