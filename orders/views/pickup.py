"""The hand-over: somebody shows her code, and the clerk of that store gives her the goods."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.pace import keep_staff_pace
from merchants.rules.role import Role
from orders.forms.pickup import PickupForm
from orders.models import Order
from orders.rules.pickup import pickup_text
from orders.selectors.order import tab_counts
from orders.selectors.pickup import find_pickup
from orders.services.shipment import hand_over


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    """A scan finds the order and shows what is in it; "hand it over" beside it ends it."""
    if request.method != "POST":
        return _page(request, PickupForm())
    form = PickupForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        keep_staff_pace(request.staff.pk, "collect")
        order = find_pickup(request.staff, form.cleaned_data["code"], form.cleaned_data["whose"])
        if order is None:  # one answer to all that does not fit: a guess learns nothing
            form.add_error("code", _("No order with this code is to be collected at your stores."))
            return _page(request, form, status=422)
        if "hand_over" not in request.POST:
            return _page(request, PickupForm(), order)
        hand_over(order=order, code=order.pickup_code, by=request.user)
    except RuleBroken as refusal:
        form.add_error("code", str(refusal))
        return _page(request, form, status=refusal.status)
    messages.success(request, _("Handed over to %(name)s.") % {"name": order.name})
    return redirect("orders:order_pickup", request.merchant.slug)


def _page(
    request: MerchantRequest, form: PickupForm, order: Order | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "order": order,
        "scanned": pickup_text(order.number, order.pickup_code) if order else "",
        "last": list(order.steps.all())[-1] if order else None,
        "waiting": tab_counts(request.staff)["ready"],
    }
    return render(request, "orders/pickup/page.html", context, status=status)
