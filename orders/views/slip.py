"""What is printed before anything leaves: the pick list and the packing slips."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.models import Store
from merchants.rules.qr import Square, square
from merchants.rules.role import Role
from orders.models import Line, Order
from orders.selectors.slip import MOST, Packing, lines_of_slip, packing, rounds


@dataclass(frozen=True)
class Slip:
    """A parcel's paper: `number` is for the clerk's scanner, `page` for the buyer's phone."""

    order: Order
    lines: list[Line]
    number: Square
    page: Square
    sender: Store | None

    @property
    def pieces(self) -> int:
        return sum(line.to_send for line in self.lines)

    @property
    def amount(self) -> int:
        return sum(line.paid for line in self.lines)


@require_safe
@merchant_view(Role.CLERK)
def slips(request: MerchantRequest) -> HttpResponse:
    """A page for every parcel, in its buyer's language."""
    chosen = _chosen(request)
    sender = request.merchant.stores.first()
    papers = [_slip(request, order, sender) for order in chosen.orders]
    return _paper(request, "slips.html", chosen, {"slips": papers})


@require_safe
@merchant_view(Role.CLERK)
def picks(request: MerchantRequest) -> HttpResponse:
    """What is fetched from which shelf for all of them together."""
    chosen = _chosen(request)
    chosen.orders = [order for order in chosen.orders if order.to_pack]
    return _paper(request, "picks.html", chosen, {"rounds": rounds(chosen.orders)})


def _chosen(request: MerchantRequest) -> Packing:
    return packing(request.staff, request.GET.getlist("o"), request.GET.dict())


def _paper(
    request: MerchantRequest, template: str, chosen: Packing, more: dict[str, object]
) -> HttpResponse:
    context = {"chosen": chosen, "most": MOST, "now": timezone.localtime(), **more}
    context["return_days"] = settings.RETURN_DAYS
    return render(request, f"orders/slip/{template}", context)


def _slip(request: MerchantRequest, order: Order, sender: Store | None) -> Slip:
    page = request.build_absolute_uri(reverse("track:order", args=[order.number]))
    return Slip(
        order=order,
        lines=lines_of_slip(order),
        number=square(order.number),
        page=square(page),
        sender=order.store or sender,
    )
