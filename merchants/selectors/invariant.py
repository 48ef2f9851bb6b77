"""What must always be true of stock and of the outbox, and how to ask whether it is.

One SQL statement each; every row it returns is an offender. The statements are written out by hand
and repeat the rules in another language: a slip in a rule or verb is seen here, not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

GRACE = timedelta(seconds=60)  # the sweeps run every few seconds; nothing may wait longer


@dataclass(frozen=True)
class Offender:
    """A row that should not be, and the invariant that it breaks."""

    invariant: str
    row: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.invariant}: " + " ".join(f"{k}={v}" for k, v in self.row.items())


def offenders(invariants: Mapping[str, str], now: datetime) -> Iterator[Offender]:
    """Every row that breaks one of `invariants`, a mapping of name to SQL.

    A statement may use %(late)s: what was due before it should have been done by `now`.
    """
    late = connection.ops.adapt_datetimefield_value(now - GRACE)
    with connection.cursor() as cursor:
        for name, sql in invariants.items():
            cursor.execute(sql, {"late": late})
            columns = [column[0] for column in cursor.description or ()]
            for row in cursor.fetchall():
                yield Offender(name, dict(zip(columns, row, strict=True)))


INVARIANTS = {
    "on_hand is the sum of its movements": """
        SELECT s.id AS stock, s.on_hand, COALESCE(SUM(m.delta), 0) AS moved
        FROM merchants_stock s LEFT JOIN merchants_stockmovement m ON m.stock_id = s.id
        GROUP BY s.id, s.on_hand HAVING s.on_hand <> COALESCE(SUM(m.delta), 0)
    """,
    "0 <= reserved <= on_hand": """
        SELECT id AS stock, on_hand, reserved FROM merchants_stock
        WHERE reserved < 0 OR reserved > on_hand
    """,
    "reserved is the sum of open reservations": """
        SELECT s.id AS stock, s.reserved, COALESCE(SUM(r.quantity), 0) AS held
        FROM merchants_stock s
        LEFT JOIN merchants_reservation r ON r.stock_id = s.id AND r.closed_at IS NULL
        GROUP BY s.id, s.reserved HAVING s.reserved <> COALESCE(SUM(r.quantity), 0)
    """,
    "stock and what is held of it have one merchant": """
        SELECT s.id AS stock, v.merchant_id AS variant_of, st.merchant_id AS store_of,
               p.merchant_id AS product_of, r.merchant_id AS held_for
        FROM merchants_stock s
        JOIN merchants_variant v ON v.id = s.variant_id
        JOIN merchants_product p ON p.id = v.product_id
        JOIN merchants_store st ON st.id = s.store_id
        LEFT JOIN merchants_reservation r ON r.stock_id = s.id
        WHERE v.merchant_id <> st.merchant_id OR v.merchant_id <> p.merchant_id
           OR v.merchant_id <> r.merchant_id
    """,
    "what was taken is closed": """
        SELECT id AS reservation, reference FROM merchants_reservation
        WHERE taken AND closed_at IS NULL
    """,
    "a shop has an owner": """
        SELECT m.id AS merchant, m.slug FROM merchants_merchant m
        WHERE NOT EXISTS (SELECT 1 FROM merchants_staff s WHERE s.merchant_id = m.id AND s.role = 3)
    """,
    "an open invitation comes from somebody who may give it": """
        SELECT i.id AS invitation, i.merchant_id AS merchant FROM merchants_invitation i
        WHERE i.accepted_at IS NULL AND i.revoked_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM merchants_staff s
            WHERE s.merchant_id = i.merchant_id AND s.user_id = i.invited_by_id
              AND s.role >= i.role AND s.role >= 2)
    """,
    "news is sent or given up, not both": """
        SELECT id AS notification, "key" FROM merchants_notification
        WHERE sent_at IS NOT NULL AND given_up_at IS NOT NULL
    """,
    "news that goes nowhere is there at once": """
        SELECT id AS notification, "key" FROM merchants_notification
        WHERE channel = 'in_app' AND sent_at IS NULL
    """,
}
