"""What must always be true of refunds and of the books. One SQL statement each."""

from __future__ import annotations

REFUNDS = {
    "no piece is asked back twice": """
        SELECT l.id AS line, l.quantity, l.asked_back, l.called_off
        FROM orders_line l
        LEFT JOIN orders_refundpiece p ON p.line_id = l.id
        LEFT JOIN orders_refund r ON r.id = p.refund_id
        GROUP BY l.id, l.quantity, l.asked_back, l.called_off, l.state
        HAVING l.asked_back > l.quantity
            OR l.asked_back <> COALESCE(SUM(
                CASE WHEN r.state NOT IN ('refused', 'withdrawn') AND r.kind <> 'goodwill'
                     THEN p.quantity END), 0)
            OR l.called_off <> COALESCE(SUM(
                CASE WHEN r.unsent AND r.state IN ('approved', 'refunded')
                     THEN p.quantity END), 0)
            OR (l.state = 'refunded') <> (l.called_off = l.quantity)
    """,
    "a payment gives back what its refunds promise, and no more than it brought": """
        SELECT p.id AS payment, p.amount, p.paid_back
        FROM orders_payment p LEFT JOIN orders_refund r ON r.payment_id = p.id
             AND r.state NOT IN ('requested', 'refused', 'withdrawn')
        GROUP BY p.id, p.amount, p.paid_back
        HAVING p.paid_back > p.amount OR p.paid_back <> COALESCE(SUM(r.amount), 0)
    """,
    "a refund gives what its pieces cost, in money and in goods, and perhaps the shipping": """
        SELECT r.id AS refund, r.amount, r.credit, r.shipping, SUM(p.amount) AS worth
        FROM orders_refund r LEFT JOIN orders_refundpiece p ON p.refund_id = r.id
        WHERE r.kind <> 'surplus'
        GROUP BY r.id, r.amount, r.credit, r.shipping
        HAVING COUNT(p.id) = 0 OR r.amount + r.credit <> SUM(p.amount) + r.shipping
    """,
    "a line gives back no more than it cost, and all of it with its last piece": """
        SELECT l.id AS line, l.quantity, l.asked_back, SUM(p.amount) AS back
        FROM orders_line l JOIN orders_refundpiece p ON p.line_id = l.id
        JOIN orders_refund r ON r.id = p.refund_id
        WHERE r.state NOT IN ('refused', 'withdrawn')
        GROUP BY l.id, l.quantity, l.asked_back, l.unit_price, l.discount, l.credit
        HAVING SUM(p.amount) > l.quantity * l.unit_price - l.discount + l.credit
            OR l.asked_back = l.quantity
               AND SUM(p.amount) <> l.quantity * l.unit_price - l.discount + l.credit
    """,
    "shipping goes back once, with an order of which nothing is sent": """
        SELECT o.number, o.state, o.shipping, SUM(r.shipping) AS back
        FROM orders_order o JOIN orders_refund r ON r.order_id = o.id
        WHERE r.state IN ('approved', 'refunded')
        GROUP BY o.id, o.number, o.state, o.shipping
        HAVING SUM(r.shipping) <> CASE WHEN o.state = 'refunded' THEN o.shipping ELSE 0 END
    """,
    "money has gone back exactly where a refund says so": """
        SELECT r.id AS refund, r.state, r.money FROM orders_refund r
        WHERE (r.state = 'refunded') <> (r.money = 'done' OR r.amount = 0
                                         AND (r.unsent OR r.kind = 'exchange')
                                         AND r.state = 'refunded')
           OR (r.money = 'done') <> (r.done_at IS NOT NULL AND r."transaction" <> '')
              AND r.amount > 0
           OR (r.money <> 'none')
              <> (r.amount > 0 AND r.state IN ('approved', 'returned', 'refunded'))
           OR (r.money IN ('processing', 'failed')) <> (r.next_try_at IS NOT NULL)
    """,
    "what came too much goes back": """
        SELECT p.id AS payment, p.refund_due, COUNT(r.id) AS refunds
        FROM orders_payment p LEFT JOIN orders_refund r
             ON r.payment_id = p.id AND r.kind = 'surplus' AND r.amount = p.amount
        GROUP BY p.id, p.refund_due
        HAVING COUNT(r.id) <> CASE WHEN p.refund_due THEN 1 ELSE 0 END
    """,
    "a refund moves along its map, forwards in time": """
        SELECT x.refund_id AS refund, x.before, x.state
        FROM (SELECT refund_id, state, at,
                     LAG(state) OVER (PARTITION BY refund_id ORDER BY id) AS before,
                     LAG(at) OVER (PARTITION BY refund_id ORDER BY id) AS since
              FROM orders_refundstep) x
        JOIN orders_refund r ON r.id = x.refund_id
        WHERE x.at < x.since
           OR COALESCE(x.before, '') || '>' || x.state NOT IN (
              '>requested', 'requested>approved', 'requested>refused', 'requested>withdrawn',
              'approved>awaiting_return', 'approved>refunded', 'awaiting_return>returned',
              'awaiting_return>withdrawn',
              'returned>refunded')
              AND NOT (r.kind = 'surplus' AND x.before IS NULL AND x.state = 'approved')
    """,
    "a refund is what its last step says": """
        SELECT r.id AS refund, r.state FROM orders_refund r
        WHERE r.state <> COALESCE((SELECT s.state FROM orders_refundstep s
                                   WHERE s.refund_id = r.id ORDER BY s.id DESC LIMIT 1), '')
    """,
    "every row of a refund has one merchant, one order, one currency": """
        SELECT r.id AS refund FROM orders_refund r
        JOIN orders_order o ON o.id = r.order_id
        JOIN orders_payment p ON p.id = r.payment_id
        LEFT JOIN orders_refund s ON s.replacement_id = o.id
        WHERE r.merchant_id <> o.merchant_id OR p.merchant_id <> o.merchant_id
           OR (p.order_id <> o.id AND p.id <> COALESCE(s.payment_id, 0))
           OR r.currency <> p.currency
           OR EXISTS (SELECT 1 FROM orders_refundpiece x JOIN orders_line l ON l.id = x.line_id
                      WHERE x.refund_id = r.id AND l.order_id <> o.id)
    """,
    "stock comes back only when the goods do": """
        SELECT r.id AS refund, r.state, SUM(m.delta) AS pieces
        FROM merchants_stockmovement m JOIN orders_refund r ON r.public_id = m.reference
        WHERE m.reason = 'returned'
        GROUP BY r.id, r.state
        HAVING r.state NOT IN ('returned', 'refunded') OR SUM(m.delta) <> (
            SELECT SUM(p.quantity) FROM orders_refundpiece p WHERE p.refund_id = r.id)
    """,
    "an order is refunded when nothing of it was left to send": """
        SELECT o.number, o.state FROM orders_order o
        WHERE (o.state = 'refunded') <> (NOT EXISTS (
            SELECT 1 FROM orders_line l WHERE l.order_id = o.id AND l.called_off < l.quantity)
            AND EXISTS (SELECT 1 FROM orders_line l WHERE l.order_id = o.id))
    """,
}
EXCHANGES = {
    "an exchange pays for each piece that is wanted with one that comes back": """
        SELECT r.id AS refund, r.kind, r.credit FROM orders_refund r
        LEFT JOIN orders_refundpiece p ON p.refund_id = r.id
        GROUP BY r.id, r.kind, r.credit
        HAVING r.credit <> COALESCE(SUM(p.credit), 0)
            OR SUM(CASE WHEN (p.wanted_id IS NOT NULL) <> (r.kind = 'exchange')
                        THEN 1 ELSE 0 END) > 0
    """,
    "what is wanted is of the same product": """
        SELECT p.id AS piece, p.wanted_id AS wanted FROM orders_refundpiece p
        JOIN orders_line l ON l.id = p.line_id JOIN merchants_variant v ON v.id = l.variant_id
        JOIN merchants_variant w ON w.id = p.wanted_id WHERE w.product_id <> v.product_id
    """,
    "what is wanted is put aside exactly while its goods are awaited": """
        SELECT r.id AS refund, r.state FROM orders_refund r
        WHERE (CASE WHEN r.kind = 'exchange' AND r.state = 'awaiting_return' THEN (
                   SELECT SUM(p.quantity) FROM orders_refundpiece p WHERE p.refund_id = r.id)
               ELSE 0 END) <> (
            SELECT COALESCE(SUM(h.quantity), 0) FROM merchants_reservation h
            WHERE h.reference = 'exchange:' || r.public_id AND h.closed_at IS NULL)
    """,
    "a replacement is there exactly when the goods have come back": """
        SELECT r.id AS refund, r.state, r.replacement_id AS replacement FROM orders_refund r
        WHERE (r.replacement_id IS NOT NULL)
           <> (r.kind = 'exchange' AND r.state IN ('returned', 'refunded'))
    """,
    "a replacement is what was wanted, and is paid with what came back": """
        SELECT r.id AS refund, o.number FROM orders_refund r
        JOIN orders_order o ON o.id = r.replacement_id
        WHERE o.total <> 0 OR o.merchant_id <> r.merchant_id OR r.order_id = o.id
           OR EXISTS (SELECT 1 FROM (
               SELECT p.wanted_id AS variant, p.quantity AS pieces, p.credit AS credit
               FROM orders_refundpiece p WHERE p.refund_id = r.id
               UNION ALL
               SELECT l.variant_id, -l.quantity, -l.credit
               FROM orders_line l WHERE l.order_id = o.id) x
               GROUP BY x.variant HAVING SUM(x.pieces) <> 0 OR SUM(x.credit) <> 0)
    """,
    "nothing but a replacement is paid with goods": """
        SELECT l.id AS line, l.price_rule, l.credit FROM orders_line l
        LEFT JOIN orders_refund r ON r.replacement_id = l.order_id
        WHERE (l.price_rule = 'swap') <> (r.id IS NOT NULL)
           OR l.credit > 0 AND l.price_rule <> 'swap' OR l.price_rule = 'swap' AND l.unit_price <> 0
    """,
}
BOOKS = {
    "each movement of money sums to zero, in one currency, for one merchant": """
        SELECT reference, SUM(amount) AS amount FROM orders_ledgerentry
        GROUP BY reference
        HAVING SUM(amount) <> 0 OR MIN(currency) <> MAX(currency)
            OR MIN(merchant_id) <> MAX(merchant_id) OR MIN(order_id) <> MAX(order_id)
    """,
    "what the provider holds of a payment is in the books, once": """
        SELECT p.id AS payment, p.state, p.amount, SUM(e.amount) AS booked
        FROM orders_payment p LEFT JOIN orders_ledgerentry e
             ON e.reference = 'payment:' || p.public_id AND e.account = 'gateway'
        GROUP BY p.id, p.state, p.amount
        HAVING COALESCE(SUM(e.amount), 0) <> CASE WHEN p.state = 'settled' THEN p.amount ELSE 0 END
    """,
    "goods and shipping in the books are those of the paid orders": """
        SELECT o.number, o.total FROM orders_order o
        WHERE o.paid_at IS NOT NULL AND EXISTS (
            SELECT 1 FROM orders_ledgerentry e WHERE e.order_id = o.id AND e.account = 'goods'
            GROUP BY e.order_id HAVING SUM(e.amount) <> o.shipping - o.total)
           OR o.paid_at IS NULL AND EXISTS (
            SELECT 1 FROM orders_ledgerentry e
            WHERE e.order_id = o.id AND e.account IN ('goods', 'shipping'))
    """,
    "what went back is in the books, once": """
        SELECT r.id AS refund, r.state, r.amount, SUM(e.amount) AS booked
        FROM orders_refund r LEFT JOIN orders_ledgerentry e
             ON e.reference = 'refund:' || r.public_id AND e.account = 'gateway'
        GROUP BY r.id, r.state, r.amount
        HAVING COALESCE(SUM(e.amount), 0)
            <> CASE WHEN r.state = 'refunded' THEN -r.amount ELSE 0 END
    """,
    "nothing is in the books that has no payment and no refund": """
        SELECT e.reference FROM orders_ledgerentry e
        WHERE NOT EXISTS (SELECT 1 FROM orders_payment p
                          WHERE e.reference = 'payment:' || p.public_id AND p.order_id = e.order_id)
          AND NOT EXISTS (SELECT 1 FROM orders_refund r
                          WHERE e.reference = 'refund:' || r.public_id AND r.order_id = e.order_id)
    """,
    "what is owed back is what came too much and has not gone": """
        SELECT e.order_id, SUM(e.amount) AS owed
        FROM orders_ledgerentry e WHERE e.account = 'surplus'
        GROUP BY e.order_id
        HAVING SUM(e.amount) <> -(
            SELECT COALESCE(SUM(r.amount), 0) FROM orders_refund r
            WHERE r.order_id = e.order_id AND r.kind = 'surplus' AND r.state <> 'refunded')
    """,
}
MONEY_BACK = REFUNDS | EXCHANGES | BOOKS
