"""What must always be true of who waits for what is sold out. See merchants.selectors.invariant."""

from __future__ import annotations

WAITLIST = {
    "an offer holds its pieces, and nothing else of the line holds any": """
        SELECT w.id AS waiting, w.state, w.quantity FROM orders_waiting w
        WHERE CASE WHEN w.state = 'offered' THEN w.quantity ELSE 0 END
           <> (SELECT COALESCE(SUM(r.quantity), 0)
               FROM merchants_reservation r JOIN merchants_stock s ON s.id = r.stock_id
               WHERE r.reference = 'wait:' || w.public_id AND r.merchant_id = w.merchant_id
                 AND s.variant_id = w.variant_id AND r.closed_at IS NULL)
    """,
    "an offer ends in time": """
        SELECT id AS waiting FROM orders_waiting WHERE state = 'offered' AND offer_until < %(late)s
    """,
    "who waited and bought has an order of that variant": """
        SELECT w.id AS waiting FROM orders_waiting w
        WHERE (w.state = 'taken') <> EXISTS (
            SELECT 1 FROM orders_line l WHERE l.order_id = w.order_id
                                          AND l.variant_id = w.variant_id)
    """,
}
