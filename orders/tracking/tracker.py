"""What every tracker offers, and the words in which shop and tracker talk.

A tracker holds no rule: it verifies and translates. What news means for an order is decided by
orders.services.tracking. It is called outside of any transaction, may take its time, and raises
GatewayTrouble if nobody answered or the answer cannot be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from merchants.models import Merchant
from orders.models import Shipment
from orders.payments.gateway import Heard, Reply
from orders.rules.tracking import Seen


@dataclass(frozen=True)
class News:
    """What a callback tells of one parcel; `carrier` is a key of CARRIERS."""

    carrier: str
    number: str
    seen: Sequence[Seen]


class Tracker(Protocol):
    """A provider. A module of its own fits this."""

    NAME: str

    def ask(self, shipment: Shipment) -> Sequence[Seen]:
        """Where the parcel has been so far."""

    def subscribe(self, shipment: Shipment, notify: str) -> bool:
        """Have the provider tell of it at `notify`. Whether it will."""

    def hear(self, merchant: Merchant, heard: Heard) -> News:
        """The news of a callback for this merchant. Raises BadCallback unless it is genuine."""

    def reply(self, trouble: str = "") -> Reply:
        """The answer to a callback: heard, or what was wrong."""
