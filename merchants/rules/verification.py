"""The life of a brand verification. Pure.

draft ──submit──> submitted ──approve──> approved ──reject──> rejected
  ↑                  │  └──reject(reason)──> rejected            (an approval can be taken back)
  ├──────withdraw────┘                          └──submit──> submitted
  └──────withdraw────────────────────── approved                 (to change what was looked at)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from enum import StrEnum


class VerificationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


_S = VerificationState
MOVES: dict[VerificationState, frozenset[VerificationState]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED}),
    _S.SUBMITTED: frozenset({_S.APPROVED, _S.REJECTED, _S.DRAFT}),
    _S.REJECTED: frozenset({_S.SUBMITTED}),
    _S.APPROVED: frozenset({_S.REJECTED, _S.DRAFT}),
}
OPEN = frozenset({_S.DRAFT, _S.REJECTED})  # the merchant may change words and pictures


class Claim(StrEnum):
    """What a merchant says about the brand that she sells."""

    OWN = "own"
    AUTHORISED = "authorised"


class Paper(StrEnum):
    """The pictures that go with it."""

    LICENCE = "licence"
    TRADEMARK = "trademark"
    AUTHORISATION = "authorisation"


def may_move(old: VerificationState, new: VerificationState) -> bool:
    """Whether a verification may go from `old` to `new` in one step."""
    return new in MOVES[old]


def before(new: VerificationState) -> frozenset[VerificationState]:
    """The states from which one may come to `new`."""
    return frozenset(old for old, after in MOVES.items() if new in after)


def papers_needed(claim: Claim) -> tuple[Paper, ...]:
    """The pictures without which nobody can decide."""
    proof = Paper.TRADEMARK if claim is Claim.OWN else Paper.AUTHORISATION
    return (Paper.LICENCE, proof)


WORDS = ("company", "licence_number", "brand", "trademark_number")


def lacking(claim: Claim, words: Mapping[str, str], papers: Collection[str]) -> list[str]:
    """What is missing before it can be handed in: names of words, then of papers."""
    needed = [name for name in WORDS if name != "trademark_number" or claim is Claim.OWN]
    return [name for name in needed if not words.get(name)] + [
        paper.value for paper in papers_needed(claim) if paper not in papers
    ]


class NumberTrouble(StrEnum):
    """What is wrong with a number as typed."""

    LENGTH = "length"
    SIGNS = "signs"
    CHECK = "check"


_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
_OURS = re.compile(r"[159ANY][1-9]\d{6}[0-9A-Z]+")  # begins as a Chinese code: kind, region
_ANY = re.compile(r"[0-9A-Z]+(-[0-9A-Z]+)*")


def plain_number(text: str) -> str:
    """A number as kept: full-width digits made plain, blanks out, letters large."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def licence_trouble(number: str) -> NumberTrouble | None:
    """What is wrong with a licence number (see `plain_number`), or None.

    18 letters and digits are a unified social credit code, whose last sign must fit; 15 digits are
    an older Chinese number. Any other 6 to 30 letters, digits and hyphens are taken to come from
    another country, unless they begin like a Chinese code and only their length is off.
    """
    if not _ANY.fullmatch(number):
        return NumberTrouble.SIGNS
    if len(number) == 18 and "-" not in number:
        if not set(number) <= set(_CODE):
            return NumberTrouble.SIGNS
        return None if number[-1] == check_sign(number[:-1]) else NumberTrouble.CHECK
    mistyped = 16 <= len(number) <= 20 and _OURS.fullmatch(number)
    return NumberTrouble.LENGTH if mistyped or not 6 <= len(number) <= 30 else None


def check_sign(body: str) -> str:
    """The eighteenth sign of a unified social credit code, from the first seventeen."""
    total = sum(_CODE.index(sign) * pow(3, at, 31) for at, sign in enumerate(body))
    return _CODE[-total % 31]


def trademark_trouble(number: str) -> NumberTrouble | None:
    """A registration number of a trademark has 7 or 8 digits."""
    if not (number.isascii() and number.isdigit()):
        return NumberTrouble.SIGNS
    return None if len(number) in {7, 8} else NumberTrouble.LENGTH
