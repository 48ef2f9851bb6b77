"""An address as a square that a phone's camera reads. Pure: text in, an SVG path out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET = 4  # modules of white around it, as the standard asks


@dataclass(frozen=True)
class Square:
    """Dark modules in a box of `size` by `size`, the quiet zone included: `runs` of (top, left,
    right), and the same as an SVG `path`."""

    text: str
    size: int
    runs: tuple[tuple[int, int, int], ...]
    path: str


@lru_cache(maxsize=256)
def square(text: str) -> Square:
    """The QR code of a text; an eighth of it may be covered or torn."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    runs = tuple((top, *run) for top, row in enumerate(rows) for run in _runs(row))
    path = "".join(f"M{left} {top}h{right - left}v1H{left}z" for top, left, right in runs)
    return Square(text=text, size=len(rows), runs=runs, path=path)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules stand side by side: (from, to), `to` not included."""
    edges = [at for at in range(1, len(row)) if row[at] != row[at - 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))  # the quiet zone begins and ends white
