"""The life of a brand verification. Pure.

draft ──submit──> submitted ──approve──> approved ──reject──> rejected
  ↑                  │  └──reject(reason)──> rejected            (an approval can be taken back)
  └──────withdraw────┘                          └──submit──> submitted
"""

from __future__ import annotations

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
    _S.APPROVED: frozenset({_S.REJECTED}),
}


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


def papers_needed(claim: Claim) -> tuple[Paper, ...]:
    """The pictures without which nobody can decide."""
    proof = Paper.TRADEMARK if claim is Claim.OWN else Paper.AUTHORISATION
    return (Paper.LICENCE, proof)
