"""An order's number as people say it and write it down. Pure.

Sixteen signs of an alphabet without i, l, o and u; the first eight tell the orders of one shop
apart (40 bits), and are what is read out: in groups of four, in capitals. There is no check digit:
a number that was misread finds no order, and whoever looks one up sees whose it is.
"""

from __future__ import annotations

import unicodedata

from merchants.rules.address import ALPHABET

SHORT = 8  # signs that are read out
GROUP = 4
_MISREAD = str.maketrans("oil", "011")
_BETWEEN = " -‐‑‒–—―·.#_/"


def spoken(number: str, signs: int = SHORT) -> str:
    """`0a1b2c3d…` as it is shown and read out: `0A1B 2C3D`."""
    shown = number[:signs].upper()
    return " ".join(shown[at : at + GROUP] for at in range(0, len(shown), GROUP))


def as_kept(typed: str) -> str:
    """A number, or the beginning of one, as it is kept; empty for what cannot be any.

    Spaces, hyphens, capitals and full-width signs are no difference, and who wrote down an O, an I
    or an L meant a 0 or a 1.
    """
    plain = unicodedata.normalize("NFKC", typed).casefold()
    signs = "".join(sign for sign in plain if sign not in _BETWEEN).translate(_MISREAD)
    return signs if signs and set(signs) <= set(ALPHABET) else ""
