"""A shopper's cart at one shop, on this device. The room shows the same as a sheet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from merchants.device import device_of
from merchants.errors import RuleBroken
from merchants.models import Merchant
from orders.forms.cart import AddForm, ChangeForm
from orders.selectors.cart import cart_of, carts_of, pieces_in_cart
from orders.services.cart import change_in_cart, put_in_cart


@require_safe
def carts(request: HttpRequest) -> HttpResponse:
    """Every cart of this device: a shop each, for each is paid for itself."""
    context = {"carts": carts_of(device_of(request.session))}
    return render(request, "orders/cart/list.html", context)


@require_http_methods(["GET", "POST"])
def cart(request: HttpRequest, merchant: str) -> HttpResponse:
    """One shop's cart. POST puts something in (`add`) or changes how many lie there.

    Without scripts `add` comes with GET, from a form that asks for the checkout too; it is asked
    again then, for a GET changes nothing.
    """
    shop = get_object_or_404(Merchant, slug=merchant)
    htmx = request.headers.get("HX-Request")
    context: dict[str, Any] = {"merchant": shop, "refusal": ""}
    status = 200
    if request.method == "POST":
        context["refusal"], status = change(request, shop)
        if htmx and "add" in request.POST:
            return answer_of_add(request, shop, context["refusal"], status)
        if not context["refusal"] and not htmx:
            return redirect("track:cart", shop.slug)
    elif "add" in request.GET:
        form = AddForm(request.GET, merchant=shop)
        context |= {"wanted": form.cleaned_data} if form.is_valid() else {"refusal": form.trouble}
    context["cart"] = cart_of(shop, device_of(request.session))
    context["action"] = reverse("track:cart", args=[shop.slug])
    context["checkout"] = reverse("track:checkout", args=[shop.slug])
    template = "orders/cart/_cart.html" if htmx else "orders/cart/page.html"
    return render(request, template, context, status=status)


def change(request: HttpRequest, merchant: Merchant) -> tuple[str, int]:
    """Do what was pressed. Returns the refusal, empty if there is none, and the status."""
    device = device_of(request.session)
    adding = "add" in request.POST
    form = AddForm(request.POST, merchant=merchant) if adding else ChangeForm(request.POST)
    if not form.is_valid():
        return form.trouble, 422
    verb = put_in_cart if adding else change_in_cart
    try:
        verb(merchant=merchant, device=device, **form.cleaned_data)
    except RuleBroken as refusal:
        return str(refusal), refusal.status
    return "", 200


def answer_of_add(
    request: HttpRequest, merchant: Merchant, refusal: str, status: int, sheet: str = ""
) -> HttpResponse:
    """What stands beside the button then. `sheet` is the cart's address in a room."""
    context = {
        "refusal": refusal,
        "pieces": pieces_in_cart(merchant, device_of(request.session)),
        "where": sheet or reverse("track:cart", args=[merchant.slug]),
        "sheet": sheet,
    }
    return render(request, "orders/cart/_answer.html", context, status=status)
