"""What a show said about a product: a clip on its page, and the whole film for the shop."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from livestream.media import film
from livestream.selectors.clip import newest_clip, promise_of
from livestream.services.crew import shows
from livestream.services.replay import has_film
from merchants.access import MerchantRequest, merchant_view
from merchants.models import Product
from merchants.rules.role import Role
from orders.hers import is_hers
from orders.models import Order
from orders.selectors.order import seen_by


@require_safe
def clip(request: HttpRequest, merchant: str, product: str) -> HttpResponse:
    """A fragment for the product's page; empty where there is none."""
    goods = Product.objects.on_sale().prefetch_related("photos")
    found = get_object_or_404(goods, merchant__slug=merchant, public_id=product)
    context = {"clip": newest_clip(found), "product": found}
    return render(request, "livestream/clip/_clip.html", context)


@require_safe
def promise(request: HttpRequest, number: str) -> HttpResponse:
    """What was said when it was ordered: a fragment for the pages of an order, for its buyer and
    for whoever in the shop sees it. Empty for all others."""
    order = get_object_or_404(Order.objects.select_related("merchant"), number=number)
    may = is_hers(request.session, order) or _works_on(request, order)
    context = {"order": order, "promise": promise_of(order) if may else None}
    return render(request, "livestream/clip/_promise.html", context)


def _works_on(request: HttpRequest, order: Order) -> bool:
    if not request.user.is_authenticated:
        return False
    staff = order.merchant.staff.filter(user=request.user).first()
    return staff is not None and seen_by(staff).filter(pk=order.pk).exists()


@require_safe
@merchant_view(Role.CLERK)
def download(request: MerchantRequest, room: str) -> HttpResponse:
    """The film of a show, for those who show it. It is made within minutes of the end."""
    rooms = request.merchant.rooms.select_related("merchant", "host")
    found = get_object_or_404(rooms, public_id=room)
    if not shows(found, request.staff):
        raise PermissionDenied
    if has_film(found):
        return redirect(f"/hls/{found.public_id}/{film.NAME}")
    messages.warning(request, _("There is no film of this show yet. Try again in a few minutes."))
    return redirect("livestream:console", request.merchant.slug, room)
