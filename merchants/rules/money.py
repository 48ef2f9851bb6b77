"""Money is an integer of minor units. Pure."""

from __future__ import annotations

import re
import unicodedata

MINOR_DIGITS = {"JPY": 0, "KRW": 0}
_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")


def minor_digits(currency: str) -> int:
    """Digits after the point: 2, but for currencies without cents."""
    return MINOR_DIGITS.get(currency, 2)


def unit(currency: str) -> int:
    """Minor units in a whole one: 100 fen to a yuan, 1 to a yen."""
    return int(10 ** minor_digits(currency))


def parse(text: str, currency: str = "CNY") -> int | None:
    """`"138"`, `"138.5"`, `"¥1,380.00"`, `"１３８"` to minor units; None if it is no amount."""
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("¥￥$").replace(",", "").strip()
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        return None
    digits = minor_digits(currency)
    whole, cents = match[1], (match[2] or "").rstrip("0")  # `1,000.00` yen are 1,000
    if len(cents) > digits:
        return None
    return int(whole) * 10**digits + int(cents.ljust(digits, "0") or 0)


def plain(amount: int, currency: str = "CNY") -> str:
    """Minor units as a bare decimal: 13850 to `138.50`."""
    digits = minor_digits(currency)
    if digits == 0:
        return str(amount)
    whole, cents = divmod(amount, 10**digits)
    return f"{whole}.{cents:0{digits}}"
