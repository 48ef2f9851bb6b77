"""Money as Alipay writes it: yuan with two places. Pure."""

from __future__ import annotations

import re

_YUAN = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,2}))?", re.ASCII)


def to_yuan(fen: int) -> str:
    """1 → "0.01". Raises ValueError for what is owed."""
    if fen < 0:
        raise ValueError(fen)
    return f"{fen // 100}.{fen % 100:02d}"


def to_fen(yuan: str) -> int:
    """ "88.8" → 8880. Raises ValueError for anything that is not such a number."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        raise ValueError(yuan)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
