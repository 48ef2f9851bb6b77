"""What is wanted instead of goods that come back, and whether the shop has it: of what was
collected at a store, that store."""

from __future__ import annotations

from collections.abc import Iterable

from merchants.selectors.stock import free_pieces
from orders.models import Line, Order, Refund
from orders.rules.refund import RefundState


def free_instead(order: Order, lines: Iterable[Line]) -> dict[int, int]:
    """{variant id: free pieces} of all that could be had instead of these lines of the order."""
    products = {line.variant.product for line in lines}
    variants = [variant.pk for product in products for variant in product.variants.all()]
    return free_pieces(order.merchant, variants, order.store)


def free_for(order: Order, refunds: Iterable[Refund]) -> dict[int, int]:
    """{variant id: free pieces} of what open requests want. No query where nothing is wanted."""
    wanted = {
        piece.wanted_id
        for refund in refunds
        if refund.is_exchange and refund.state == RefundState.REQUESTED
        for piece in refund.pieces.all()
        if piece.wanted_id is not None
    }
    return free_pieces(order.merchant, wanted, order.store) if wanted else {}
