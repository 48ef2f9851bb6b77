"""The verb of the books: post a movement of money, once."""

from __future__ import annotations

from datetime import datetime

from orders.models import LedgerEntry, Order
from orders.rules.ledger import Posting


def post(*, order: Order, reference: str, posting: Posting, at: datetime) -> None:
    """Write one movement within the caller's transaction. Raises IntegrityError the second time."""
    if sum(posting.values()):
        raise ValueError(f"{reference} does not sum to zero")
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            merchant=order.merchant,
            order=order,
            reference=reference,
            account=account.value,
            amount=amount,
            currency=order.currency,
            at=at,
        )
        for account, amount in posting.items()
    )
