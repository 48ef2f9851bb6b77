"""Which lines of the chat ask something, and which ask the same. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from livestream.rules.moderation import fold

ALIKE = 0.6  # share of common letter pairs from which two questions are one
LONGEST_GIST = 60  # letters that two questions are compared by
HOLD_SECONDS = 90  # how long a colleague has a question for herself


class QuestionState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


# Words that make a line a question although nobody typed the mark: phones hide it on page two.
_ASKS = re.compile(
    r"[?？]"
    r"|吗|呢$|么$|多少|怎么|怎样|如何|什么|哪|几[天点号码个克件]|能不能|可不可以|有没有|是不是|会不会"
    r"|要不要|好不好|行不行|为啥|为什么|谁"
    r"|^(how|what|when|where|which|who|why|is|are|do|does|can|could|will|would|any)\b",
    re.IGNORECASE,
)
# What people add and leave out without meaning something else.
_FILLERS = re.compile(
    "请问|麻烦|老板|主播|小姐姐|姐姐|亲|你好|您好|这个|这款|这件|那个|一下|[吗呢么啊呀吧哦的了是]"
)

_NAME = re.compile("^[^,，]{1,4}[,，]")  # "Fang, when was it picked?"


def is_question(text: str) -> bool:
    """Whether a line asks something."""
    return bool(_ASKS.search(text.strip()))


def gist(text: str) -> str:
    """What is left of a question without politeness, particles, case, width and marks."""
    bare = fold(_FILLERS.sub("", _NAME.sub("", text)))
    return (bare or fold(text))[:LONGEST_GIST]


def pairs(gist: str) -> frozenset[str]:
    """The pairs of neighbouring letters of a gist; of a single letter itself."""
    return frozenset(gist[place : place + 2] for place in range(len(gist) - 1)) or frozenset(gist)


def is_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two questions ask the same: they share most of their pairs of letters."""
    most = max(len(one), len(other))
    if not most or min(len(one), len(other)) < ALIKE * most:
        return False
    return len(one & other) / len(one | other) >= ALIKE
