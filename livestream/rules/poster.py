"""How the words of a poster break. Pure: the width of a text is asked of whoever has the font."""

from __future__ import annotations

import re
from collections.abc import Callable

SIZE = (1080, 1920)
# A Latin word stays whole; between Chinese characters a line may break anywhere.
_PIECES = re.compile(r"[\w.,:;!?'’%¥$+&/-]+", re.ASCII)


def pieces(text: str) -> list[str]:
    """What a line may not break: words of Latin letters, single characters of all else."""
    found, at = [], 0
    text = " ".join(text.split())
    while at < len(text):
        word = _PIECES.match(text, at)
        end = word.end() if word else at + 1
        found.append(text[at:end])
        at = end
    return found


def broken(text: str, width: float, most: int, measure: Callable[[str], float]) -> list[str]:
    """The text in at most so many lines no wider than `width`; what is too long ends in “…”."""
    lines = [""]
    for piece in pieces(text):
        for part in [piece] if measure(piece) <= width else list(piece):
            if measure(lines[-1] + part) <= width or not lines[-1]:
                lines[-1] += part
            else:
                lines.append("" if part == " " else part)
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) <= most:
        return lines
    last = lines[most - 1] + "…"
    while measure(last) > width and len(last) > 1:
        last = last[:-2] + "…"
    return [*lines[: most - 1], last]


def cover(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of a picture of `size` that fills a box of that shape: from the middle, and of a
    tall one rather the top, where faces are."""
    width, height = size
    if width * box[1] > height * box[0]:
        wide = round(height * box[0] / box[1])
        left = (width - wide) // 2
        return left, 0, left + wide, height
    tall = round(width * box[1] / box[0])
    top = (height - tall) // 3
    return 0, top, width, top + tall
