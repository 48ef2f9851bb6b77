"""Money that came twice, or too late: it goes back without being asked for (P5)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from orders.models import Payment, Refund
from orders.rules.refund import Leg, RefundKind, RefundState


@transaction.atomic
def refund_surplus(*, payment: Payment, at: datetime) -> Refund:
    """Money came twice, or for nothing any more: it goes back without being asked for (P5)."""
    Payment.objects.filter(pk=payment.pk).update(paid_back=F("amount"))
    refund = Refund.objects.create(
        merchant_id=payment.order.merchant_id,
        order=payment.order,
        payment=payment,
        kind=RefundKind.SURPLUS.value,
        state=RefundState.APPROVED.value,
        amount=payment.amount,
        currency=payment.currency,
        money=Leg.PROCESSING.value,
        next_try_at=at,
        requested_at=at,
    )
    refund.steps.create(state=refund.state, at=at)
    return refund
