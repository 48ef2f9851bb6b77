"""What is wanted instead of goods that come back, and whether the shop has it."""

from __future__ import annotations

from collections.abc import Iterable

from merchants.models import Merchant
from merchants.selectors.stock import free_pieces
from orders.models import Line, Refund
from orders.rules.refund import RefundState


def free_instead(merchant: Merchant, lines: Iterable[Line]) -> dict[int, int]:
    """{variant id: free pieces} of all that could be had instead of these lines."""
    products = {line.variant.product for line in lines}
    return free_pieces(
        merchant, [variant.pk for product in products for variant in product.variants.all()]
    )


def free_for(merchant: Merchant, refunds: Iterable[Refund]) -> dict[int, int]:
    """{variant id: free pieces} of what open requests want. No query where nothing is wanted."""
    wanted = {
        piece.wanted_id
        for refund in refunds
        if refund.is_exchange and refund.state == RefundState.REQUESTED
        for piece in refund.pieces.all()
        if piece.wanted_id is not None
    }
    return free_pieces(merchant, wanted) if wanted else {}
