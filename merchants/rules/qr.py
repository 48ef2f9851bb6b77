"""An address as a square that a phone's camera reads. Pure: text in, an SVG path out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET = 4  # modules of white around it, as the standard asks


@dataclass(frozen=True)
class Square:
    """`path` draws the dark modules into a box of `size` by `size`, the quiet zone included."""

    text: str
    size: int
    path: str


@lru_cache(maxsize=256)
def square(text: str) -> Square:
    """The QR code of a text; an eighth of it may be covered or torn."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    strokes = [
        f"M{left} {top}h{right - left}v1H{left}z"
        for top, row in enumerate(rows)
        for left, right in _runs(row)
    ]
    return Square(text=text, size=len(rows), path="".join(strokes))


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules stand side by side: (from, to), `to` not included."""
    edges = [at for at in range(1, len(row)) if row[at] != row[at - 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))  # the quiet zone begins and ends white
