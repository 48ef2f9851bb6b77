"""What must always be true of orders and payments. One SQL statement each; see
merchants.selectors.invariant.
"""

from __future__ import annotations

from orders.selectors.invariant_coupon import COUPONS
from orders.selectors.invariant_refund import MONEY_BACK
from orders.selectors.invariant_review import REVIEWS
from orders.selectors.invariant_waitlist import WAITLIST

GOODS = {
    "nothing is held for an order that has ended, has left, or is overdue": """
        SELECT r.id AS reservation, o.number, o.state
        FROM merchants_reservation r JOIN orders_order o ON o.number = r.reference
        WHERE r.closed_at IS NULL
          AND (o.state NOT IN ('pending_payment', 'paid', 'partly_shipped', 'ready_for_pickup')
               OR (o.state = 'pending_payment' AND o.pay_by < %(late)s))
    """,
    "an open order holds its goods": """
        SELECT o.number, o.state, l.variant_id AS variant, SUM(l.quantity - l.called_off) AS pieces
        FROM orders_order o JOIN orders_line l ON l.order_id = o.id
        WHERE o.state IN ('pending_payment', 'paid', 'partly_shipped', 'ready_for_pickup')
        GROUP BY o.id, o.number, o.state, o.merchant_id, o.pool, l.variant_id
        HAVING SUM(CASE WHEN l.state IN ('pending_payment', 'paid', 'ready_for_pickup')
                         AND (o.pool = '' OR l.state <> 'pending_payment')
                        THEN l.quantity - l.called_off ELSE 0 END) <> (
            SELECT COALESCE(SUM(r.quantity), 0)
            FROM merchants_reservation r JOIN merchants_stock s ON s.id = r.stock_id
            WHERE r.reference = o.number AND r.merchant_id = o.merchant_id
              AND s.variant_id = l.variant_id AND r.closed_at IS NULL)
    """,
    "goods leave the stock once, with their order": """
        SELECT o.number, o.state, l.variant_id AS variant, SUM(l.quantity - l.called_off) AS wanted
        FROM orders_order o JOIN orders_line l ON l.order_id = o.id
        GROUP BY o.id, o.number, o.state, l.variant_id
        HAVING (SELECT COALESCE(-SUM(m.delta), 0)
                FROM merchants_stockmovement m JOIN merchants_stock s ON s.id = m.stock_id
                WHERE m.reference = o.number AND m.reason = 'order'
                  AND s.variant_id = l.variant_id)
            <> SUM(CASE WHEN l.state IN ('shipped', 'delivered', 'collected', 'completed')
                        THEN l.quantity - l.called_off ELSE 0 END)
    """,
}
ORDERS = {
    "a total adds up": """
        SELECT o.number, o.goods, o.discount, o.shipping, o.total,
               SUM(l.quantity * l.unit_price) AS lines, SUM(l.discount) AS shares
        FROM orders_order o LEFT JOIN orders_line l ON l.order_id = o.id
        GROUP BY o.id, o.number, o.goods, o.discount, o.shipping, o.total
        HAVING o.total <> o.goods - o.discount + o.shipping OR o.total < 0
            OR o.goods <> COALESCE(SUM(l.quantity * l.unit_price), -1)
            OR o.discount <> COALESCE(SUM(l.discount), -1)
    """,
    "a line costs no more than its list price and gives no more than it costs": """
        SELECT l.id AS line, l.list_price, l.unit_price, l.discount FROM orders_line l
        WHERE l.unit_price > l.list_price OR l.discount > l.quantity * l.unit_price
    """,
    "a line that costs less than by the list says by which rule": """
        SELECT id AS line, price_rule, list_price, unit_price FROM orders_line
        WHERE price_rule NOT IN ('gift', 'swap')
          AND (price_rule = 'list') <> (unit_price = list_price)
    """,
    "a discount comes from a voucher": """
        SELECT o.number, o.discount FROM orders_order o
        LEFT JOIN orders_voucher v ON v.id = o.voucher_id
        LEFT JOIN orders_coupon c ON c.id = v.coupon_id
        LEFT JOIN orders_voucher x ON x.id = o.extra_id
        LEFT JOIN orders_coupon e ON e.id = x.coupon_id
        WHERE (o.voucher_id IS NULL) <> (o.discount = 0)
           OR o.goods < c.threshold OR o.goods < e.threshold
           OR o.discount > CASE c.kind WHEN 'amount' THEN c.amount
                                       WHEN 'percent' THEN o.goods * c.percent / 100
                                       ELSE 0 END
           OR (c.kind = 'percent' AND o.discount > c.cap)
           OR (e.kind = 'shipping' AND o.shipping <> 0)
    """,
    "every row of an order has one merchant": """
        SELECT o.number, o.merchant_id AS merchant
        FROM orders_order o
        JOIN merchants_customer cu ON cu.id = o.customer_id
        LEFT JOIN merchants_store st ON st.id = o.store_id
        LEFT JOIN orders_voucher v ON v.id = o.voucher_id
        LEFT JOIN orders_coupon c ON c.id = v.coupon_id
        LEFT JOIN orders_voucher x ON x.id = o.extra_id
        LEFT JOIN orders_coupon e ON e.id = x.coupon_id
        WHERE cu.merchant_id <> o.merchant_id OR st.merchant_id <> o.merchant_id
           OR c.merchant_id <> o.merchant_id OR e.merchant_id <> o.merchant_id
           OR EXISTS (SELECT 1 FROM orders_line l JOIN merchants_variant va ON va.id = l.variant_id
                      WHERE l.order_id = o.id AND va.merchant_id <> o.merchant_id)
           OR EXISTS (SELECT 1 FROM merchants_reservation r
                      WHERE r.reference = o.number AND r.merchant_id <> o.merchant_id)
    """,
    "an order is what its lines and its last step say": """
        SELECT o.number, o.state FROM orders_order o
        WHERE o.state <> COALESCE((SELECT s.state FROM orders_step s WHERE s.order_id = o.id
                                   ORDER BY s.id DESC LIMIT 1), 'pending_payment')
           OR EXISTS (SELECT 1 FROM orders_line l WHERE l.order_id = o.id AND l.state <> o.state
                      AND NOT (l.state = 'refunded' AND l.called_off = l.quantity)
                      AND NOT (o.state = 'shipped' AND l.state = 'delivered')
                      AND NOT (o.state = 'partly_shipped'
                               AND l.state IN ('paid', 'shipped', 'delivered')))
           OR (o.state = 'shipped' AND NOT EXISTS (
               SELECT 1 FROM orders_line l WHERE l.order_id = o.id AND l.state = 'shipped'))
           OR (o.state = 'partly_shipped' AND (
               NOT EXISTS (SELECT 1 FROM orders_line l
                           WHERE l.order_id = o.id AND l.state = 'paid')
               OR NOT EXISTS (SELECT 1 FROM orders_line l WHERE l.order_id = o.id
                              AND l.state IN ('shipped', 'delivered'))))
    """,
    # It begins unpaid, without a step. expired -> pending_payment is the one step back: money that
    # came late found its goods again.
    "an order moves along its map, forwards in time": """
        SELECT o.number, x.before, x.state
        FROM (SELECT order_id, state, at,
                     LAG(state) OVER (PARTITION BY order_id ORDER BY id) AS before,
                     LAG(at) OVER (PARTITION BY order_id ORDER BY id) AS since,
                     LEAD(state) OVER (PARTITION BY order_id ORDER BY id) AS after
              FROM orders_step) x
        JOIN orders_order o ON o.id = x.order_id
        WHERE x.at < COALESCE(x.since, o.placed_at)
           OR COALESCE(x.before, 'pending_payment') || '>' || x.state NOT IN (
              'pending_payment>paid', 'pending_payment>cancelled',
              'pending_payment>expired', 'expired>pending_payment', 'paid>shipped',
              'paid>ready_for_pickup', 'shipped>delivered', 'ready_for_pickup>collected',
              'paid>partly_shipped', 'partly_shipped>shipped', 'partly_shipped>delivered',
              'delivered>completed', 'collected>completed', 'paid>refunded',
              'ready_for_pickup>refunded')
           OR (x.before = 'expired' AND COALESCE(x.after, '') <> 'paid')
    """,
    "a line that has left is in one parcel of its order, and no other line is": """
        SELECT o.number, l.id AS line, l.state, l.shipment_id AS parcel
        FROM orders_line l JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN orders_shipment s ON s.id = l.shipment_id
        WHERE s.order_id <> o.id
           OR (l.shipment_id IS NOT NULL) <> (o.store_id IS NULL
               AND l.state IN ('shipped', 'delivered', 'completed'))
    """,
    "a parcel that its carrier has delivered is not on its way": """
        SELECT l.shipment_id AS parcel FROM orders_line l
        JOIN orders_parcelevent e ON e.shipment_id = l.shipment_id AND e.state = 'delivered'
        WHERE l.state = 'shipped'
    """,
    "a parcel is not empty": """
        SELECT s.id AS parcel FROM orders_shipment s
        WHERE NOT EXISTS (SELECT 1 FROM orders_line l WHERE l.shipment_id = s.id)
    """,
}
PAYMENTS = {
    "an order is paid while exactly one settled payment covers it": """
        SELECT o.number, o.state, o.total, COUNT(p.id) AS payments, SUM(p.amount) AS amount
        FROM orders_order o
        LEFT JOIN orders_payment p
               ON p.order_id = o.id AND p.state = 'settled' AND NOT p.refund_due
        GROUP BY o.id, o.number, o.state, o.total, o.paid_at
        HAVING CASE WHEN o.state IN ('pending_payment', 'cancelled', 'expired')
            THEN COUNT(p.id) <> 0 OR o.paid_at IS NOT NULL
            ELSE COUNT(p.id) <> 1 OR SUM(p.amount) <> o.total OR o.paid_at IS NULL END
    """,
    "a payment asks for the order's own sum": """
        SELECT p.id AS payment, p.amount, p.currency, o.total FROM orders_payment p
        JOIN orders_order o ON o.id = p.order_id
        WHERE p.amount <> o.total OR p.currency <> o.currency OR p.merchant_id <> o.merchant_id
    """,
    "a payment is settled by one transaction at one time": """
        SELECT id AS payment, state, "transaction" FROM orders_payment
        WHERE (state = 'settled') <> ("transaction" <> '')
           OR (state = 'settled') <> (settled_at IS NOT NULL)
           OR (refund_due AND state <> 'settled')
    """,
    "a payment is asked about until it has ended, and no more when it is settled": """
        SELECT id AS payment, state FROM orders_payment
        WHERE (state = 'created' AND next_ask_at IS NULL)
           OR (state = 'settled' AND next_ask_at IS NOT NULL)
    """,
    "a transaction has one effect": """
        SELECT merchant_id, gateway, "transaction", COUNT(*) AS payments FROM orders_payment
        WHERE "transaction" <> ''
        GROUP BY merchant_id, gateway, "transaction" HAVING COUNT(*) > 1
    """,
}
NEWS = {
    "every step that somebody waits for has its news, once": """
        SELECT o.number, s.state, COUNT(n.id) AS news
        FROM orders_order o
        JOIN orders_step s ON s.order_id = o.id AND s.state IN ('paid', 'ready_for_pickup')
        LEFT JOIN merchants_notification n ON n.merchant_id = o.merchant_id AND n.channel = 'sms'
         AND n."key" = 'sms:' || CASE s.state WHEN 'paid' THEN 'order_paid' ELSE 'ready' END
                      || ':' || o.number
        GROUP BY o.id, o.number, s.id, s.state HAVING COUNT(n.id) <> 1
    """,
    "every parcel has its news": """
        SELECT o.number, p.parcel FROM orders_order o
        JOIN (SELECT id AS parcel, order_id,
                     ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY id) AS place
              FROM orders_shipment) p ON p.order_id = o.id
        WHERE NOT EXISTS (
            SELECT 1 FROM merchants_notification n
            WHERE n.merchant_id = o.merchant_id AND n.channel = 'sms'
              AND n."key" = 'sms:shipped:' || o.number
                            || CASE WHEN p.place > 1 THEN ':' || p.place ELSE '' END)
    """,
    "every paid order rings in the dashboard": """
        SELECT o.number FROM orders_order o
        WHERE o.paid_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM merchants_notification n
                          WHERE n.merchant_id = o.merchant_id
                            AND n."key" = 'in_app:order_paid:' || o.number)
    """,
}
INVARIANTS = COUPONS | GOODS | ORDERS | PAYMENTS | NEWS | MONEY_BACK | WAITLIST | REVIEWS
