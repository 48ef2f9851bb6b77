"""A picture of a refund, to those whom it concerns: its buyer, and the shop that answers."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.private import picture_answer
from merchants.rules.role import Role
from orders.hers import is_hers
from orders.models import RefundPhoto
from orders.selectors.order import seen_by


@require_safe
def hers(request: HttpRequest, number: str, refund: str, proof: str) -> HttpResponse:
    """On the device that ordered alone: whoever has the order's number sees no picture."""
    rows = RefundPhoto.objects.select_related("refund__order")
    found = get_object_or_404(
        rows, refund__order__number=number, refund__public_id=refund, public_id=proof
    )
    if not is_hers(request.session, found.refund.order):
        raise Http404
    return picture_answer(found.image)


@require_safe
@merchant_view(Role.CLERK)
def of_shop(request: MerchantRequest, number: str, refund: str, proof: str) -> HttpResponse:
    """To staff who may see the order."""
    rows = RefundPhoto.objects.filter(refund__order__in=seen_by(request.staff))
    found = get_object_or_404(
        rows, refund__order__number=number, refund__public_id=refund, public_id=proof
    )
    return picture_answer(found.image)
