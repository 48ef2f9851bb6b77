"""What must always be true of stock and of the outbox, and how to ask whether it is.

One SQL statement each; every row it returns is an offender. The statements are written out by hand
and repeat the rules in another language: a slip in a rule or verb is seen here, not copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

GRACE = timedelta(seconds=60)  # the sweeps run every few seconds; nothing may wait longer


_HEX_SHA256 = re.compile(r"HEX_SHA256\(([^()]*)\)")


def _hash(call: re.Match[str]) -> str:
    if connection.vendor == "sqlite":
        return f"SHA256({call[1]})"
    return f"ENCODE(SHA256(CONVERT_TO({call[1]}, 'UTF8')), 'hex')"


@dataclass(frozen=True)
class Offender:
    """A row that should not be, and the invariant that it breaks."""

    invariant: str
    row: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.invariant}: " + " ".join(f"{k}={v}" for k, v in self.row.items())


def offenders(invariants: Mapping[str, str], now: datetime) -> Iterator[Offender]:
    """Every row that breaks one of `invariants`, a mapping of name to SQL.

    A statement may use %(late)s: what was due before it should have been done by `now`; and
    HEX_SHA256(text), which each database writes its own way.
    """
    late = connection.ops.adapt_datetimefield_value(now - GRACE)
    with connection.cursor() as cursor:
        for name, sql in invariants.items():
            cursor.execute(_HEX_SHA256.sub(_hash, sql), {"late": late})
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
    "what was taken out has no pieces": """
        SELECT s.id AS stock, v.id AS variant, s.on_hand FROM merchants_stock s
        JOIN merchants_variant v ON v.id = s.variant_id WHERE v.archived AND s.on_hand <> 0
    """,
    "a level is the sum of what is free, unless its product waits to be counted": """
        SELECT p.id AS product, st.id AS store, l.free,
               COALESCE(SUM(s.on_hand - s.reserved), 0) AS sums
        FROM merchants_product p
        JOIN merchants_variant v ON v.product_id = p.id
        JOIN merchants_stock s ON s.variant_id = v.id AND NOT v.archived
        JOIN merchants_store st ON st.id = s.store_id
        LEFT JOIN merchants_level l ON l.product_id = p.id AND l.store_id = st.id
        WHERE NOT EXISTS (SELECT 1 FROM merchants_stock w JOIN merchants_variant x
                          ON x.id = w.variant_id WHERE x.product_id = p.id AND w.stale)
        GROUP BY p.id, st.id, l.free
        HAVING l.free IS NULL OR l.free <> COALESCE(SUM(s.on_hand - s.reserved), 0)
    """,
    "a product has as many free as its stores, unless it waits to be counted": """
        SELECT p.id AS product, p.free, COALESCE(SUM(s.on_hand - s.reserved), 0) AS sums
        FROM merchants_product p
        JOIN merchants_variant v ON v.product_id = p.id AND NOT v.archived
        LEFT JOIN merchants_stock s ON s.variant_id = v.id
        WHERE NOT EXISTS (SELECT 1 FROM merchants_stock w JOIN merchants_variant x
                          ON x.id = w.variant_id WHERE x.product_id = p.id AND w.stale)
        GROUP BY p.id, p.free HAVING p.free <> COALESCE(SUM(s.on_hand - s.reserved), 0)
    """,
    "what leaves one store in a transfer comes into the other": """
        SELECT m.reference, s.variant_id AS variant, SUM(m.delta) AS lost
        FROM merchants_stockmovement m JOIN merchants_stock s ON s.id = m.stock_id
        WHERE m.reason = 'transferred'
        GROUP BY m.reference, s.variant_id HAVING SUM(m.delta) <> 0
    """,
    "a till takes back no more than it sold": """
        SELECT m.stock_id AS stock, m.reference, SUM(m.delta) AS back FROM merchants_stockmovement m
        WHERE m.reference LIKE 'till %%' GROUP BY m.stock_id, m.reference HAVING SUM(m.delta) > 0
    """,
    "a line of the till is of one thing at one price": """
        SELECT m.reference, COUNT(DISTINCT m.stock_id) AS things,
               COUNT(DISTINCT COALESCE(m.unit_price, -1)) AS prices
        FROM merchants_stockmovement m WHERE m.reference LIKE 'till %%' GROUP BY m.reference
        HAVING COUNT(DISTINCT m.stock_id) > 1 OR COUNT(DISTINCT COALESCE(m.unit_price, -1)) > 1
    """,
    "a booked stocktake booked each of its differences, once": """
        SELECT t.public_id AS stocktake, l.variant_id AS variant, l.counted - l.expected AS found,
               COALESCE(SUM(m.delta), 0) AS booked
        FROM merchants_stocktake t
        JOIN merchants_stocktakeline l ON l.stocktake_id = t.id
        LEFT JOIN merchants_stock s ON s.variant_id = l.variant_id AND s.store_id = t.store_id
        LEFT JOIN merchants_stockmovement m
          ON m.stock_id = s.id AND m.reference = 'stocktake ' || t.public_id
        WHERE t.state = 'applied'
        GROUP BY t.public_id, l.variant_id, l.counted, l.expected
        HAVING l.counted - l.expected <> COALESCE(SUM(m.delta), 0)
    """,
    "only a booked stocktake is in the ledger": """
        SELECT m.id AS movement, m.reference FROM merchants_stockmovement m
        WHERE m.reference LIKE 'stocktake %%' AND NOT EXISTS (
            SELECT 1 FROM merchants_stocktake t
            WHERE t.state = 'applied' AND m.reference = 'stocktake ' || t.public_id)
    """,
    "a closed store has no pieces, is not counted and gets no sheet": """
        SELECT st.id AS store, COALESCE(SUM(s.on_hand), 0) AS pieces FROM merchants_store st
        LEFT JOIN merchants_stock s ON s.store_id = st.id
        WHERE st.closed_at IS NOT NULL
        GROUP BY st.id
        HAVING COALESCE(SUM(s.on_hand), 0) <> 0
            OR EXISTS (SELECT 1 FROM merchants_stocktake t
                       WHERE t.store_id = st.id AND t.state = 'open')
            OR EXISTS (SELECT 1 FROM merchants_import i
                       WHERE i.store_id = st.id AND i.state IN ('checking', 'applying'))
    """,
    "a shop has an open store": """
        SELECT m.id AS merchant, m.slug FROM merchants_merchant m WHERE NOT EXISTS (
            SELECT 1 FROM merchants_store st
            WHERE st.merchant_id = m.id AND st.closed_at IS NULL)
    """,
    "a shop has an owner": """
        SELECT m.id AS merchant, m.slug FROM merchants_merchant m
        WHERE NOT EXISTS (SELECT 1 FROM merchants_staff s WHERE s.merchant_id = m.id AND s.role = 3)
    """,
    "a shop wears the badge exactly while its verification is approved": """
        SELECT m.id AS merchant, m.verified_at, v.state FROM merchants_merchant m
        LEFT JOIN merchants_verification v ON v.merchant_id = m.id
        WHERE (m.verified_at IS NULL) = (COALESCE(v.state, '') = 'approved')
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
