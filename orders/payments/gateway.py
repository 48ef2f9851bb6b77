"""What every gateway offers, and the words in which shop and gateway talk.

A gateway is a package here whose module has the names of `Gateway`. It holds no rule: it verifies
and translates. What a charge means for an order is decided by orders.services.charge and .payment,
what a refund means by orders.services.payback. It is called outside of any transaction, may take
its time, and raises GatewayTrouble if nobody answered or the answer cannot be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from merchants.models import Merchant
from orders.models import Payment, Refund
from orders.rules.payment import Charge
from orders.services.payback import Outcome

LARGEST = 64 * 1024  # bytes that a provider may tell at once
PATIENCE = 5  # seconds that a provider may take to answer


class GatewayTrouble(Exception):
    """The provider did not answer, or not as its documentation says. Nothing is known."""


class Refused(GatewayTrouble):
    """The provider has answered: not like that. Its own words."""


@dataclass(frozen=True)
class Heard:
    """A callback as it came: headers by their lower-case names, the body untouched."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the provider wants to hear after a callback."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Step:
    """What the shopper does next: open a `page`, scan a `code`, or hand `bridge` to WeChat."""

    kind: str
    value: str | dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "value": self.value}


@dataclass(frozen=True)
class Visit:
    """From where somebody pays: what providers ask about her, and where she comes back to."""

    back: str
    notify: str
    address: str = ""
    openid: str = ""


class Gateway(Protocol):
    """A provider. A module of its own fits this."""

    NAME: str
    WAYS: tuple[str, ...]  # in which one can pay here, as in orders.rules.way

    def start(self, payment: Payment, visit: Visit) -> Step:
        """Tell the provider of the payment, in its `way`; again: the same payment there."""

    def hear(self, merchant: Merchant, heard: Heard) -> Charge:
        """The facts of a callback for this merchant. Raises BadCallback unless it is genuine."""

    def reply(self, trouble: str = "") -> Reply:
        """The answer to a callback: heard, or what was wrong."""

    def ask(self, payment: Payment) -> Charge:
        """Where the payment stands there."""

    def close(self, payment: Payment) -> Charge:
        """Nobody is to pay it any more: closed, unless it has been paid."""

    def refund(self, wanted: Refund) -> Outcome:
        """Give money back, under the refund's own number: asked again, it is paid once."""

    def ask_refund(self, wanted: Refund) -> Outcome:
        """What became of a refund."""

    def check(self, merchant: Merchant) -> None:
        """Ask something harmless. Raises Refused if the keys are not taken, or GatewayTrouble."""
