"""What must always be true of what buyers say. See merchants.selectors.invariant."""

from __future__ import annotations

REVIEWS = {
    "a review is of goods that arrived, bought on a known device": """
        SELECT r.id AS review, l.state FROM orders_review r
        JOIN orders_line l ON l.id = r.line_id JOIN orders_order o ON o.id = l.order_id
        WHERE l.state NOT IN ('delivered', 'collected', 'completed') OR o.device IS NULL
    """,
    "a review's goods and shop are its line's": """
        SELECT r.id AS review FROM orders_review r
        JOIN orders_line l ON l.id = r.line_id JOIN orders_order o ON o.id = l.order_id
        JOIN merchants_variant v ON v.id = l.variant_id
        WHERE r.product_id <> v.product_id OR r.merchant_id <> o.merchant_id
    """,
    "a review is hidden for what its last step says": """
        SELECT r.id AS review, r.hidden_for FROM orders_review r
        LEFT JOIN orders_reviewstep s ON s.id = (
            SELECT MAX(x.id) FROM orders_reviewstep x WHERE x.review_id = r.id)
        WHERE r.hidden_for <> COALESCE(s.reason, '')
           OR (r.hidden_for <> '') <> (COALESCE(s.state, 'shown') = 'hidden')
    """,
    "a word after use comes after the review": """
        SELECT id AS review FROM orders_review WHERE follow_up_at < written_at
    """,
    "a review has six photos at most": """
        SELECT review_id AS review, COUNT(*) AS photos FROM orders_reviewphoto
        WHERE state <> 'refused' GROUP BY review_id HAVING COUNT(*) > 6
    """,
    "a photo of a review shows, or waits with what was sent": """
        SELECT id AS photo, state FROM orders_reviewphoto
        WHERE (state = 'ready') <> (image <> '' AND thumb <> '')
           OR (state = 'waiting') <> (original <> '')
    """,
}
