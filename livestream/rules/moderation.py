"""What may not be said, and who may not speak. Pure: the clock is an argument.

A word list stops no word that is written another way unless both are folded first: width and case
(NFKC), letters nobody sees, accents, and letters of other alphabets that look like Latin ones
(https://www.unicode.org/reports/tr39/ calls them confusables; these are the common ones).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_WORD = 40
LONGEST_REPLY = 120
MOST_WORDS = 2_000  # in one list
MOST_REPLIES = 30
MUTES = (1, 5, 15, 60)  # minutes, as the console offers them
LONGEST_MUTE = 7 * 24 * 60  # minutes
SLOWEST = 120  # seconds between two lines of one guest

# Cyrillic, Greek and a few others, as the Latin letter (or digit) that they are taken for.
_LOOKALIKES = str.maketrans(
    "аеорсухкмтвнізѕјԁԛԝһαεορχυικνωτβγıɑɡʟᴀʙᴄᴅᴇꜰɢʜᴊᴋᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "aeopcyxkmtbhi3sjdqwhaeopxyiknwtbyiaglabcdefghjkmnoprstuvwyz",
)


class Measure(StrEnum):
    MUTE = "mute"  # may watch, not write
    BAN = "ban"  # may not come in
    SHADOW = "shadow"  # writes, and only he reads it


ORDER = (Measure.BAN, Measure.SHADOW, Measure.MUTE)  # the hardest first


def fold(text: str) -> str:
    """A text as the eye takes it: no case, width, accents, spaces, marks or invisible letters."""
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKALIKES)
    text = "".join(c for c in text if unicodedata.category(c)[0] in "LN")
    return unicodedata.normalize("NFKC", text)


def is_word(text: str) -> bool:
    """Whether a word can stand on a list: something is left of it, and that can be kept."""
    return len(text) <= LONGEST_WORD and 0 < len(fold(text)) <= LONGEST_WORD * 4


def blocked(text: str, words: Iterable[str]) -> str | None:
    """The first of the folded `words` that a line says, else None."""
    said = fold(text)
    return next((word for word in words if word and word in said), None)


def mute_until(minutes: int, now: datetime) -> datetime | None:
    """When a mute of so many minutes ends; None if it is no length that we offer."""
    if not 1 <= minutes <= LONGEST_MUTE:
        return None
    return now + timedelta(minutes=minutes)


def softer_or_same(measure: Measure) -> list[str]:
    """The measures that this one takes the place of; a harder one is lifted by a manager alone."""
    return [one.value for one in ORDER[ORDER.index(measure) :]]


def hardest(measures: Iterable[str]) -> Measure | None:
    """Of several measures in force the one that decides: a ban over a shadow over a mute."""
    found = set(measures)
    for measure in ORDER:
        if measure in found:
            return measure
    return None
