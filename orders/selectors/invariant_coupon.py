"""What must always be true of coupons and vouchers. One SQL statement each."""

from __future__ import annotations

# Which voucher is used by which live order, in either of its two places.
USES = """
    (SELECT o.voucher_id AS voucher, o.id AS live FROM orders_order o
     WHERE o.voucher_id IS NOT NULL AND o.state NOT IN ('cancelled', 'expired', 'refunded')
     UNION ALL
     SELECT o.extra_id, o.id FROM orders_order o
     WHERE o.extra_id IS NOT NULL AND o.state NOT IN ('cancelled', 'expired', 'refunded'))
"""
STATEMENTS = {
    "a coupon's claimed copies are its vouchers, and never more than issued": """
        SELECT c.id AS coupon, c.issued, c.claimed, COUNT(v.id) AS vouchers
        FROM orders_coupon c LEFT JOIN orders_voucher v ON v.coupon_id = c.id
        GROUP BY c.id, c.issued, c.claimed
        HAVING c.claimed <> COUNT(v.id) OR c.claimed > c.issued
    """,
    "a coupon's redeemed copies are the live orders and counter uses with it": """
        SELECT c.id AS coupon, c.redeemed, COUNT(x.live) AS orders, COUNT(u.id) AS at_counters
        FROM orders_coupon c
        LEFT JOIN orders_voucher v ON v.coupon_id = c.id
        LEFT JOIN USES x ON x.voucher = v.id
        LEFT JOIN orders_counteruse u ON u.voucher_id = v.id AND u.undone_at IS NULL
        GROUP BY c.id, c.redeemed HAVING c.redeemed <> COUNT(x.live) + COUNT(u.id)
    """,
    "a voucher is redeemed while exactly one live order or one counter has it": """
        SELECT v.id AS voucher, v.state, COUNT(x.live) AS orders, COUNT(u.id) AS at_counters
        FROM orders_voucher v
        LEFT JOIN USES x ON x.voucher = v.id
        LEFT JOIN orders_counteruse u ON u.voucher_id = v.id AND u.undone_at IS NULL
        GROUP BY v.id, v.state
        HAVING COUNT(x.live) + COUNT(u.id) <> CASE WHEN v.state = 'redeemed' THEN 1 ELSE 0 END
    """,
    "nobody claims more copies than the cap": """
        SELECT c.id AS coupon, v.customer_id AS customer, COUNT(*) AS vouchers
        FROM orders_voucher v JOIN orders_coupon c ON c.id = v.coupon_id
        GROUP BY c.id, v.customer_id, c.per_customer HAVING COUNT(*) > c.per_customer
    """,
    "nobody uses more copies than the cap": """
        SELECT c.id AS coupon, x.customer, COUNT(*) AS uses
        FROM (SELECT v.coupon_id AS coupon, o.customer_id AS customer
              FROM USES y JOIN orders_order o ON o.id = y.live
              JOIN orders_voucher v ON v.id = y.voucher
              UNION ALL
              SELECT v.coupon_id AS coupon, v.customer_id AS customer
              FROM orders_counteruse u JOIN orders_voucher v ON v.id = u.voucher_id
              WHERE u.undone_at IS NULL) x
        JOIN orders_coupon c ON c.id = x.coupon
        GROUP BY c.id, x.customer, c.per_customer HAVING COUNT(*) > c.per_customer
    """,
    "a voucher is used in its own place, and two only where both coupons allow it": """
        SELECT o.number, c.kind, e.kind AS beside
        FROM orders_order o
        LEFT JOIN orders_voucher v ON v.id = o.voucher_id
        LEFT JOIN orders_coupon c ON c.id = v.coupon_id
        LEFT JOIN orders_voucher x ON x.id = o.extra_id
        LEFT JOIN orders_coupon e ON e.id = x.coupon_id
        WHERE c.kind NOT IN ('amount', 'percent') OR e.kind NOT IN ('shipping', 'gift')
           OR (c.id IS NOT NULL AND e.id IS NOT NULL AND NOT (c.stackable AND e.stackable))
    """,
    "a coupon of some stores is used there alone": """
        SELECT c.id AS coupon, y.store FROM
        (SELECT x.voucher, o.store_id AS store FROM USES x JOIN orders_order o ON o.id = x.live
         UNION ALL
         SELECT u.voucher_id, u.store_id FROM orders_counteruse u WHERE u.undone_at IS NULL) y
        JOIN orders_voucher v ON v.id = y.voucher JOIN orders_coupon c ON c.id = v.coupon_id
        WHERE c.local AND NOT EXISTS (
            SELECT 1 FROM orders_coupon_stores s
            WHERE s.coupon_id = c.id AND s.store_id = y.store)
    """,
    "a gift is one piece for nothing, and comes from a coupon that brings it": """
        SELECT o.number, e.gift_id AS gift, COUNT(l.id) AS lines
        FROM orders_order o
        LEFT JOIN orders_voucher x ON x.id = o.extra_id
        LEFT JOIN orders_coupon e ON e.id = x.coupon_id AND e.kind = 'gift'
        LEFT JOIN orders_line l ON l.order_id = o.id AND l.price_rule = 'gift'
        GROUP BY o.id, o.number, e.gift_id
        HAVING COUNT(l.id) <> CASE WHEN e.gift_id IS NULL THEN 0 ELSE 1 END
            OR SUM(CASE WHEN l.variant_id <> e.gift_id OR l.quantity <> 1 OR l.unit_price <> 0
                             OR l.discount <> 0 THEN 1 ELSE 0 END) > 0
    """,
    "a gift at the counter has left that store's stock, unless it was undone": """
        SELECT u.id AS counter_use, u.gift_id AS gift, COALESCE(SUM(m.delta), 0) AS moved
        FROM orders_counteruse u
        JOIN orders_voucher v ON v.id = u.voucher_id JOIN orders_coupon c ON c.id = v.coupon_id
        LEFT JOIN merchants_stock s ON s.store_id = u.store_id AND s.variant_id = u.gift_id
        LEFT JOIN merchants_stockmovement m
               ON m.stock_id = s.id AND m.reference = 'voucher ' || u.id
        GROUP BY u.id, u.gift_id, u.undone_at, c.kind
        HAVING (c.kind = 'gift') <> (u.gift_id IS NOT NULL)
            OR COALESCE(SUM(m.delta), 0)
               <> CASE WHEN u.gift_id IS NULL OR u.undone_at IS NOT NULL THEN 0 ELSE -1 END
    """,
}
COUPONS = {name: sql.replace("USES", USES) for name, sql in STATEMENTS.items()}
