"""Buying in the shop, without a live room; following an order.

The room's checkout sheet shares `checkout_context` and `buy` so that there is one way to buy.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.device import customer_of, device_of, known_guest
from merchants.errors import RuleBroken
from merchants.forms.contact import as_typed
from merchants.models import Customer, Merchant
from merchants.pace import keep_pace
from merchants.selectors.stock import free_pieces, pickup_places
from merchants.services.request import once
from orders.forms.checkout import PICKUP, CheckoutForm, ChoiceForm
from orders.models import Address, Order, Voucher
from orders.payments import open_gateway
from orders.rules.line import LineState
from orders.rules.shipment import CARRIERS
from orders.selectors.order import lines_with_pictures, orders_of_device
from orders.selectors.shipping import MOST_SHOWN, addresses_of, served_by
from orders.selectors.voucher import usable_vouchers
from orders.services.cart import take_from_cart
from orders.services.customer import customer_for_phone
from orders.services.order import cheapest, move_order, place_order, quote, shortage
from orders.services.shipping import remember_address


def checkout_context(
    request: HttpRequest,
    merchant: Merchant,
    data: Mapping[str, Any] | None,
    live_prices: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """What a checkout shows: the form, the lines, the best voucher, and how the sum came about."""
    choice = ChoiceForm(data if data is not None else request.GET, merchant=merchant)
    if not choice.is_valid():
        return {"merchant": merchant, "choice": choice, "form": None}
    basket = choice.basket()
    if data is None and any(n < basket[pk] for pk, n in free_pieces(merchant, basket).items()):
        short = shortage(merchant=merchant, basket=basket)
        return {"merchant": merchant, "choice": choice, "form": None, "refusal": str(short)}
    # Her device is named with the form already: pressed again after a lost answer, the same form
    # must come from the same device, or it would be a second order.
    device = device_of(request.session)
    guest = known_guest(request.session, merchant)
    places = pickup_places(merchant, basket)
    able = [place.store for place in places if not place.short]
    pickup = bool(able) and (data or {}).get("method") == PICKUP
    regions = served_by(merchant)
    book = list(addresses_of(device, regions)[:MOST_SHOWN])
    priced = quote(
        merchant=merchant,
        basket=basket,
        live_prices=live_prices,
        pickup=pickup,
        region=_region(data, regions, book),
    )
    if guest is not None:
        priced = cheapest(priced, usable_vouchers(guest))
    initial = {
        **_remembered(request),
        "voucher": priced.voucher.pk if priced.voucher else None,
        "expected_total": priced.sum.total,
        "saved": book[0].public_id if book else "",
    }
    form = CheckoutForm(
        data, initial=initial, merchant=merchant, stores=able, regions=regions, book=book
    )
    return {
        "merchant": merchant,
        "choice": choice,
        "form": form,
        "quote": priced,
        "basket": basket,
        "guest": guest,
        "key": uuid.uuid4(),  # a form that comes back is a new attempt
        "unable": [place for place in places if place.short],
        "from_cart": choice.cleaned_data["cart"],
    }


def _region(data: Mapping[str, Any] | None, regions: list[str], book: list[Address]) -> str:
    """Where it is about to be sent; empty while that is not known, or cannot be."""
    known = {entry.public_id: entry.region for entry in book}
    if data is None:
        wanted = book[0].region if book else ""
    else:
        wanted = known.get(data.get("saved", ""), data.get("region", ""))
    if not wanted and len(regions) == 1:
        return regions[0]
    return wanted if wanted in regions else ""


def _remembered(request: HttpRequest) -> dict[str, str]:
    """What she wrote when she last bought on this device, as the form wants it typed."""
    contact = request.session.get("contact", {})
    return contact | {"phone": as_typed(contact["phone"])} if contact.get("phone") else contact


def asked(request: HttpRequest) -> Mapping[str, Any] | None:
    """What was filled in: an order sent, or a form that only wants to be priced anew."""
    if request.method == "POST":
        return request.POST
    return request.GET if "method" in request.GET else None


def buy(
    request: HttpRequest,
    merchant: Merchant,
    form: CheckoutForm,
    guest: Customer | None,
    act: Callable[..., Order],
) -> str:
    """Place the order of a valid checkout form, once per form. Returns the order's number.

    `act` is the verb: `place_order`, or the room's. Raises what it raises.
    """
    open_gateway(merchant)  # nothing is held for an order that nobody can pay
    data = form.cleaned_data
    contact = form.contact()
    device = device_of(request.session)

    def place() -> str:  # the same form again is no new order, and does not count as one
        keep_pace(request, "checkout")
        buyer = guest or customer_of(request.session, merchant)
        customer = customer_for_phone(
            merchant=merchant,
            phone=contact.phone,
            name=contact.name,
            email=contact.email,
            guest=buyer,
        )
        hers = Voucher.objects.filter(pk=data["voucher"], customer=buyer)
        voucher = hers.first() if data["voucher"] else None
        order = act(
            merchant=merchant,
            customer=customer,
            basket=form.basket(),
            contact=contact,
            language=get_language() or settings.LANGUAGE_CODE,
            voucher=voucher,
            device=device,
            expected_total=data["expected_total"],
        )
        if not contact.store:
            remember_address(
                device=device, name=contact.name, phone=contact.phone, **contact.place()
            )
        if data["cart"]:
            take_from_cart(device=device, variants=form.basket())
        return order.number

    typed = request.POST.lists()
    body = {k: v for k, v in typed if k != "csrfmiddlewaretoken"}
    scope = f"checkout:{merchant.pk}:{device}"
    number = once(scope=scope, key=str(data["key"]), body=body, act=place)
    keep = ("name", "email")
    request.session["contact"] = {k: data[k] for k in keep} | {"phone": contact.phone}
    return number


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, merchant: str) -> HttpResponse:
    """One product of the shop, bought at once."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context = checkout_context(request, shop, asked(request))
    form = context["form"]
    status = 200
    if request.method == "POST":
        status = 422
        if form is not None and form.is_valid():
            try:
                number = buy(request, shop, form, context["guest"], place_order)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                return redirect("track:pay", number)
    elif form is None:
        status = 422
    return render(request, "orders/checkout/page.html", context, status=status)


@require_safe
def track(request: HttpRequest, number: str) -> HttpResponse:
    """Where is it? Whoever knows the number may ask; the address shows on its device only."""
    order = _order(number)
    context = {
        "order": order,
        "mine": order.device == device_of(request.session),
        "refunds": order.refunds.all(),
        "carriers": CARRIERS.items(),
    }
    if "part" in request.GET:
        return render(request, "orders/refund/_list.html", context)
    template = "_progress.html" if request.headers.get("HX-Request") else "page.html"
    return render(request, f"orders/tracking/{template}", context)


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """She does not want it after all. Only the device that ordered may, and only unpaid."""
    order = _order(number)
    if order.device != device_of(request.session):
        messages.error(request, _("Only the device it was ordered with can cancel it."))
        return redirect("track:order", order.number)
    try:
        move_order(order=order, to=LineState.CANCELLED, by=None)
        messages.success(request, _("Cancelled. Nothing was charged."))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("track:order", order.number)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The orders placed on this device."""
    orders = orders_of_device(device_of(request.session))
    return render(request, "orders/tracking/list.html", {"orders": orders})


def _order(number: str) -> Order:
    orders = Order.objects.select_related("merchant", "store", "voucher__coupon").prefetch_related(
        lines_with_pictures(), "steps", "shipments", "payments", "refunds__pieces__line"
    )
    return get_object_or_404(orders, number=number)
