"""What staff add to an order, and its address while nothing has left."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.forms.contact import as_typed
from merchants.models import User
from merchants.resent import once_per_form
from merchants.rules.role import Role
from orders.forms.note import NoteForm, TagsForm
from orders.forms.place import PLACE, AddressForm
from orders.hers import is_hers
from orders.models import Order
from orders.selectors.order import seen_by
from orders.selectors.shipping import parcels_of
from orders.services.note import change_address, note_order, tag_order


@require_POST
@merchant_view(Role.CLERK)
def note(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    form = NoteForm(request.POST)
    if form.is_valid():

        def write() -> int:
            return note_order(order=order, by=request.user, **form.cleaned_data).pk

        once_per_form(request, scope="order_note", act=write)
        messages.success(request, _("Noted. Only colleagues see it."))
    else:
        messages.error(request, _("Write something of at most 500 letters."))
    return redirect("orders:order_detail", request.merchant.slug, number)


@require_POST
@merchant_view(Role.CLERK)
def tags(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    form = TagsForm(request.POST)
    if form.is_valid():
        tag_order(order=order, names=form.cleaned_data["tags"])
        messages.success(request, _("Saved"))
    else:
        messages.error(request, str(form.errors["tags"][0]))
    return redirect("orders:order_detail", request.merchant.slug, number)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def address(request: MerchantRequest, number: str) -> HttpResponse:
    """The shop sends it elsewhere, whatever that costs."""
    order = _order(request, number)

    def back() -> HttpResponse:
        return redirect("orders:order_detail", request.merchant.slug, number)

    return _address(request, order, request.user, "orders/order/address.html", back)


@require_http_methods(["GET", "POST"])
def own_address(request: HttpRequest, number: str) -> HttpResponse:
    """The shopper has it sent elsewhere, from the device that ordered it."""
    order = get_object_or_404(Order.objects.select_related("merchant"), number=number)
    if not is_hers(request.session, order):
        messages.error(request, _("Only the device it was ordered with can change the address."))
        return redirect("track:order", number)
    back = lambda: redirect("track:order", number)  # noqa: E731
    return _address(request, order, None, "orders/tracking/address.html", back)


def _address(
    request: HttpRequest,
    order: Order,
    by: User | None,
    template: str,
    back: Callable[[], HttpResponse],
) -> HttpResponse:
    now = {part: getattr(order, part) for part in ("name", *PLACE)}
    initial = now | {"phone": as_typed(order.phone)}
    form = AddressForm(
        request.POST or None, initial=initial, regions=parcels_of(order.merchant).regions
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change_address(order=order, contact=form.contact(), by=by)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("The parcel goes to the new address."))
                return back()
    return render(request, template, {"order": order, "form": form}, status=status)


def _order(request: MerchantRequest, number: str) -> Order:
    return get_object_or_404(seen_by(request.staff).select_related("merchant"), number=number)
