"""Waiting for what is sold out: stand in line, see one's place, buy when it is one's turn.

Pages, and the same fragments as sheets over the video.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.device import device_of
from merchants.errors import RuleBroken
from merchants.forms.contact import as_typed
from merchants.models import Merchant, Product
from merchants.pace import keep_pace
from merchants.rules.role import Role
from merchants.selectors.stock import held_pieces
from orders.errors import OfferOver
from orders.forms.waitlist import JoinForm
from orders.models import Waiting
from orders.rules.waitlist import MOST_WAITING, WaitState
from orders.selectors.shipping import bought_on
from orders.selectors.waitlist import line_of, place_in_line, sold_out
from orders.services.waitlist import buy_in_turn, join_waitlist, leave_waitlist
from orders.views.checkout import asked, checkout_context, ordered


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, merchant: str, product: str) -> HttpResponse:
    """The form to wait for a variant of the product that is sold out."""
    shop = get_object_or_404(Merchant, slug=merchant)
    goods = get_object_or_404(Product.objects.on_sale().filter(merchant=shop), public_id=product)
    variants = sold_out(goods)
    last = next(iter(bought_on(device_of(request.session))), None)
    initial = {"phone": as_typed(last.phone) if last else ""}
    form = JoinForm(request.POST or None, initial=initial, variants=variants)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                keep_pace(request, "waitlist")
                waiting = join_waitlist(
                    merchant=shop,
                    variant=data["variant"],
                    device=device_of(request.session),
                    phone=str(data["phone"]),
                    quantity=data["quantity"],
                    language=get_language() or settings.LANGUAGE_CODE,
                )
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                return redirect("track:waitlist", waiting.public_id)
    context = {"merchant": shop, "product": goods, "variants": variants, "form": form}
    return _show(request, "join", context, status)


@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, waiting: str) -> HttpResponse:
    """How many stand before her, or what is held for her. POST lets it go.

    Asked by the page itself, which says how it stood (`?at=`), it answers 204 while nothing moved.
    """
    found = _waiting(waiting)
    if request.method == "POST" and _mine(request, found):
        leave_waitlist(waiting=found)
        return redirect("track:waitlist", found.public_id)
    number = place_in_line(found) if found.state == WaitState.WAITING else 0
    at = f"{found.state}-{number}"
    polled = "at" in request.GET
    if request.GET.get("at") == at:
        return HttpResponse(status=204)
    context = {
        "waiting": found,
        "merchant": found.merchant,
        "mine": _mine(request, found),
        "number": number,
        "at": at,
        "sheet": "sheet" in request.GET or (request.headers.get("HX-Request") and not polled),
    }
    return _show(request, "state" if polled else "place", context)


@require_http_methods(["GET", "POST"])
def buy_now(request: HttpRequest, waiting: str) -> HttpResponse:
    """The checkout of what is held for her, at the shop's price."""
    found = _waiting(waiting)
    held = found.state == WaitState.OFFERED or request.method == "POST"
    if not held or not _mine(request, found):
        return redirect("track:waitlist", found.public_id)
    if request.method == "GET" and "variant" not in request.GET:
        return redirect(f"{request.path}?variant={found.variant_id}&quantity={found.quantity}")
    shop = found.merchant
    kept = held_pieces(shop, [found.reference])
    context = checkout_context(request, shop, asked(request), held=kept)
    context["action"] = reverse("track:waitlist_buy", args=[found.public_id])
    status = 200
    if request.method == "POST":
        act = partial(buy_in_turn, waiting=found)
        try:
            number, status = ordered(request, context, act, unless=(OfferOver,))
        except OfferOver:
            return redirect("track:waitlist", found.public_id)
        if number:
            return redirect("track:pay", number)
    return render(request, "orders/checkout/page.html", context, status=status)


@require_safe
@merchant_view(Role.CLERK)
def line(request: MerchantRequest, product: str) -> HttpResponse:
    """Who waits for a product of the shop, and for whom it is held."""
    goods = get_object_or_404(request.merchant.products, public_id=product)
    waiting = line_of(goods)[:MOST_WAITING]
    return render(request, "orders/waitlist/line.html", {"product": goods, "waiting": waiting})


def _waiting(public_id: str) -> Waiting:
    rows = Waiting.objects.select_related("merchant", "variant__product", "order")
    return get_object_or_404(rows, public_id=public_id)


def _mine(request: HttpRequest, waiting: Waiting) -> bool:
    return waiting.device == device_of(request.session)


def _show(
    request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    template = f"_{page}.html" if request.headers.get("HX-Request") else f"{page}.html"
    return render(request, f"orders/waitlist/{template}", context, status=status)
