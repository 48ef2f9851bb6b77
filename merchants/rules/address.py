"""Short public names of rows: unguessable, readable aloud, safe in an address. Pure."""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def spell(number: int, length: int) -> str:
    """`number` in base 32, the last `length` digits."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
