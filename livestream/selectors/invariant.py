"""What must always be true of the show, and the list of every invariant of the house."""

from __future__ import annotations

from merchants.selectors.invariant import INVARIANTS as MERCHANTS
from orders.selectors.invariant import INVARIANTS as ORDERS

INVARIANTS = {
    "chat ids rise in time": """
        SELECT x.id AS message, x.room_id AS room FROM (
            SELECT id, room_id, at, LAG(at) OVER (PARTITION BY room_id ORDER BY id) AS since
            FROM livestream_message) x
        WHERE x.at < x.since
    """,
    "at most one publication of a room is open": """
        SELECT room_id AS room, COUNT(*) AS publications FROM livestream_publication
        WHERE ended_at IS NULL GROUP BY room_id HAVING COUNT(*) > 1
    """,
    "no publication is newer than its room's fence": """
        SELECT p.id AS publication, p.epoch, r.epoch AS fence
        FROM livestream_publication p JOIN livestream_room r ON r.id = p.room_id
        WHERE p.epoch > r.epoch
    """,
    "a show that is over can be published into by nobody": """
        SELECT k.id AS stream_key, k.room_id AS room FROM livestream_streamkey k
        JOIN livestream_room r ON r.id = k.room_id
        WHERE r.state IN ('ended', 'banned') AND k.revoked_at IS NULL
    """,
    "one stream key of a room opens it": """
        SELECT room_id AS room, COUNT(*) AS stream_keys FROM livestream_streamkey
        WHERE revoked_at IS NULL GROUP BY room_id HAVING COUNT(*) > 1
    """,
    "what is explained is on the room's shelf": """
        SELECT s.id AS spotlight, s.room_id AS room, i.room_id AS shelf
        FROM livestream_spotlight s JOIN livestream_shelfitem i ON i.id = s.item_id
        WHERE s.room_id <> i.room_id
    """,
    "one thing is explained at once": """
        SELECT room_id AS room, COUNT(*) AS spotlights FROM livestream_spotlight
        WHERE closed_at IS NULL GROUP BY room_id HAVING COUNT(*) > 1
    """,
    "an ended show is over": """
        SELECT r.id AS room FROM livestream_room r
        WHERE r.state = 'ended'
          AND (r.started_at IS NULL OR r.ended_at IS NULL OR r.ended_at < r.started_at
               OR NOT EXISTS (SELECT 1 FROM livestream_replay p WHERE p.room_id = r.id)
               OR EXISTS (SELECT 1 FROM livestream_spotlight s
                          WHERE s.room_id = r.id AND s.closed_at IS NULL))
    """,
    "a show on air has begun and not ended": """
        SELECT id AS room, state FROM livestream_room
        WHERE state IN ('live', 'paused', 'interrupted')
          AND (started_at IS NULL OR ended_at IS NOT NULL)
    """,
    "a live show has a heartbeat, or the sweep has interrupted it": """
        SELECT id AS room, media_at, started_at FROM livestream_room
        WHERE state = 'live' AND COALESCE(media_at, started_at) < %(late)s
          AND started_at < %(late)s
    """,
    "a show is paused exactly since when it says": """
        SELECT id AS room, state, paused_at FROM livestream_room
        WHERE state IN ('live', 'paused', 'interrupted')
          AND (state = 'paused') <> (paused_at IS NOT NULL)
    """,
    "every row of a room has one merchant": """
        SELECT r.id AS room FROM livestream_room r
        WHERE EXISTS (SELECT 1 FROM livestream_shelfitem i
                      JOIN merchants_product p ON p.id = i.product_id
                      WHERE i.room_id = r.id AND p.merchant_id <> r.merchant_id)
           OR EXISTS (SELECT 1 FROM livestream_drop d JOIN orders_coupon c ON c.id = d.coupon_id
                      WHERE d.room_id = r.id AND c.merchant_id <> r.merchant_id)
           OR EXISTS (SELECT 1 FROM livestream_sale s JOIN orders_order o ON o.id = s.order_id
                      WHERE s.room_id = r.id AND o.merchant_id <> r.merchant_id)
    """,
    "a flash sale has sold what its orders took": """
        SELECT f.id AS sale, f.sold, f.quota FROM livestream_flashsale f
        WHERE f.sold > f.quota OR f.sold <> (
            SELECT COALESCE(SUM(p.quantity), 0) FROM livestream_flashpurchase p
            WHERE p.sale_id = f.id AND p.taken)
    """,
    "where the first to pay gets it, a piece is taken exactly when its order is paid": """
        SELECT o.number, o.pool, p.taken FROM livestream_flashpurchase p
        JOIN livestream_flashsale f ON f.id = p.sale_id
        JOIN orders_order o ON o.id = p.order_id
        WHERE f.pay_first <> (o.pool <> '')
           OR (f.pay_first AND p.taken <> (o.paid_at IS NOT NULL))
           OR (NOT f.pay_first AND NOT p.taken)
    """,
    "what a flash sale has not sold is put aside while it runs": """
        SELECT f.id AS sale, f.quota - f.sold AS rest FROM livestream_flashsale f
        WHERE (CASE WHEN f.closed_at IS NULL THEN f.quota - f.sold ELSE 0 END) <> (
            SELECT COALESCE(SUM(r.quantity), 0) FROM merchants_reservation r
            WHERE r.reference = 'flash:' || f.public_id AND r.closed_at IS NULL)
    """,
    "a draw counts its entries, and they are of its shop": """
        SELECT d.id AS draw, d.entry_count, COUNT(e.id) AS entries FROM livestream_draw d
        JOIN livestream_room r ON r.id = d.room_id
        LEFT JOIN livestream_entry e ON e.draw_id = d.id
        LEFT JOIN merchants_customer c ON c.id = e.customer_id
        GROUP BY d.id, d.entry_count
        HAVING d.entry_count <> COUNT(e.id)
            OR SUM(CASE WHEN c.merchant_id <> r.merchant_id THEN 1 ELSE 0 END) > 0
    """,
    "nobody is in a draw twice": """
        SELECT draw_id AS draw, customer_id AS customer, COUNT(*) AS entries FROM livestream_entry
        GROUP BY draw_id, customer_id HAVING COUNT(*) > 1
    """,
    "a draw keeps the promise of its commitment": """
        SELECT id AS draw FROM livestream_draw WHERE commitment <> HEX_SHA256(seed)
    """,
    "the winners of a draw are those that its list, seed and beacon make": """
        SELECT x.draw, x.handle, x.place, x.rank FROM (
            SELECT d.id AS draw, d.state, d.winners, e.handle, e.place, ROW_NUMBER() OVER (
                PARTITION BY d.id ORDER BY HEX_SHA256(
                    d.seed || '|' || d.beacon_value || '|' || d.entries_hash || '|' || e.handle
                )) AS rank
            FROM livestream_draw d JOIN livestream_entry e ON e.draw_id = d.id) x
        WHERE (CASE WHEN x.state = 'drawn' AND x.rank <= x.winners THEN x.rank ELSE 0 END)
              <> COALESCE(x.place, 0)
    """,
    "a prize is claimed by a winner, in its time": """
        SELECT e.id AS entry FROM livestream_entry e
        WHERE (e.place IS NULL) <> (e.claim_by IS NULL)
           OR (e.claimed_at IS NOT NULL AND (e.claim_by IS NULL OR e.claimed_at >= e.claim_by))
    """,
    "a draw closes and is drawn in its order": """
        SELECT id AS draw, state FROM livestream_draw
        WHERE (state = 'open') <> (closed_at IS NULL) OR (state = 'drawn') <> (drawn_at IS NOT NULL)
           OR (state = 'open') <> (entries_hash = '') OR drawn_at < closed_at
    """,
    "a fair drop gives each copy to a claim, once": """
        SELECT d.id AS drop_, d.claimed, COUNT(c.id) AS won FROM livestream_drop d
        JOIN livestream_claim c ON c.drop_id = d.id AND c.won
        GROUP BY d.id, d.claimed, d.allotted_at
        HAVING COUNT(c.id) > d.claimed OR d.allotted_at IS NULL
    """,
    "a drop counts no more claims than its coupon": """
        SELECT c.id AS coupon, c.claimed, SUM(d.claimed) AS dropped
        FROM orders_coupon c JOIN livestream_drop d ON d.coupon_id = c.id
        GROUP BY c.id, c.claimed HAVING SUM(d.claimed) > c.claimed
    """,
}
ALL = {**MERCHANTS, **ORDERS, **INVARIANTS}
