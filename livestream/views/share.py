"""Handing a room on, or one of the goods: link, code and poster, and the posters themselves."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from livestream.models import Room, ShelfItem
from livestream.rules.room import RoomState
from livestream.selectors.room import Card, shelf
from livestream.selectors.share import shareable, shown_in
from livestream.services.poster import Poster, font_path, poster
from livestream.views.watch import room_at, sheet_or_page
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.models import Product, Staff
from merchants.rules.product import ProductState
from merchants.rules.qr import square
from merchants.rules.role import Role
from merchants.selectors.product import variants_with_stock
from merchants.selectors.share import MARK, mark_of, sharer
from merchants.templatetags.guitai import moment, money_plain_short

NO_FONT = gettext_lazy("Posters need a font with Chinese letters: set POSTER_FONT.")


@require_safe
def sheet(request: HttpRequest, room: str) -> HttpResponse:
    """Link, code, the phone's own share sheet, and the poster; with `item` of one of its goods."""
    found = room_at(room)
    context: dict[str, Any] = {"room": found, "merchant": found.merchant}
    item = request.GET.get("item", "")
    card = _card(found, item) if item else None
    wanted = card.item.pk if card else None
    context["card"] = card
    context["share"] = square(_absolute(request, found, wanted))
    if font_path():
        query = f"?item={wanted}" if wanted else ""
        context["poster"] = reverse("watch:poster", args=[room]) + query
    return sheet_or_page(request, "livestream/share/_sheet.html", context)


@require_safe
def picture(request: HttpRequest, room: str) -> HttpResponse:
    """The poster of the room; with `item` of one of its goods; with `c` a colleague's own."""
    found = room_at(room)
    item = request.GET.get("item", "")
    card = _card(found, item) if item else None
    staff = sharer(found.merchant, request.GET.get(MARK, ""))
    try:
        made = poster(facts=_facts(request, found, card, staff))
    except RuleBroken as refusal:
        context = {"room": found, "refusal": str(refusal)}
        return render(request, "livestream/share/no_poster.html", context, status=refusal.status)
    return _png(made, found.public_id)


def own_poster(room: Room, staff: Staff) -> dict[str, Any]:
    """For the share window of the dashboard: her poster, or why there is none."""
    if not shareable(room):
        return {}
    if font_path() is None:
        return {"poster_trouble": NO_FONT}
    address = reverse("watch:poster", args=[room.public_id])
    return {"poster": f"{address}?{MARK}={mark_of(staff)}"}


@require_safe
@merchant_view(Role.CLERK)
def goods(request: MerchantRequest, product: str) -> HttpResponse:
    """One of the goods to hand on: its page in the shop, and the shows that have it, each with a
    poster that says by whom the customer came.
    """
    found = _goods(request, product)
    mark = mark_of(request.staff)
    own: dict[str, Any] = {"product": found, "share": square(_in_the_shop(request, found, mark))}
    own["shows"] = [(item.room, _for_a_show(item, mark)) for item in shown_in(found)]
    if font_path():
        own["poster"] = reverse("livestream:goods_poster", args=[request.merchant.slug, product])
    else:
        own["poster_trouble"] = NO_FONT
    return render(request, "livestream/goods/share.html", own)


@require_safe
@merchant_view(Role.CLERK)
def goods_poster(request: MerchantRequest, product: str) -> HttpResponse:
    """Her own poster of one of the goods. Its code leads to its page in the shop."""
    found = _goods(request, product)
    try:
        made = poster(facts=_facts_of_goods(request, found))
    except RuleBroken as refusal:
        context = {"product": found, "refusal": str(refusal)}
        return render(request, "livestream/goods/no_poster.html", context, status=refusal.status)
    return _png(made, found.public_id)


def _goods(request: MerchantRequest, product: str) -> Product:
    goods = request.merchant.products.filter(state=ProductState.ON_SALE)
    return get_object_or_404(goods.prefetch_related("photos"), public_id=product)


def _for_a_show(item: ShelfItem, mark: str) -> str:
    address = reverse("watch:poster", args=[item.room.public_id])
    return f"{address}?item={item.pk}&{MARK}={mark}"


def _in_the_shop(request: MerchantRequest, product: Product, mark: str) -> str:
    path = reverse("shop:product", args=[request.merchant.slug, product.public_id])
    return request.build_absolute_uri(f"{path}?{MARK}={mark}")


def _facts_of_goods(request: MerchantRequest, product: Product) -> Poster:
    shop, staff = request.merchant, request.staff
    cheapest = min(variants_with_stock(product), key=lambda one: one.price)
    photo = product.photos.all()[:1]
    return Poster(
        shop=shop.name,
        title=product.name,
        line=shop.tagline,
        now=str(money_plain_short(cheapest.price, shop.currency)),
        lamp=cheapest.compare_at is not None,
        picture=(photo[0].image.name or "") if photo else "",
        address=_in_the_shop(request, product, mark_of(staff)),
        invitation=_("%(name)s recommends it: scan and look") % {"name": staff.host_name},
    )


def _png(made: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(made, content_type="image/png")
    answer["Content-Disposition"] = f'inline; filename="{name}.png"'
    patch_cache_control(answer, private=True, max_age=60)
    return answer


def _card(room: Room, item: str) -> Card:
    wanted = int(item) if item.isdecimal() and len(item) < 19 else 0
    get_object_or_404(room.items, pk=wanted)
    card = next((card for card in shelf(room) if card.item.pk == wanted), None)
    if card is None:
        raise Http404
    return card


def _absolute(request: HttpRequest, room: Room, item: int | None = None, mark: str = "") -> str:
    path = reverse("watch:product", args=[room.public_id, item]) if item else ""
    path = path or reverse("watch:room", args=[room.public_id])
    return request.build_absolute_uri(f"{path}?{MARK}={mark}" if mark else path)


def _facts(request: HttpRequest, room: Room, card: Card | None, staff: Staff | None) -> Poster:
    """The words of the poster, in the language of who asks for it."""
    currency = room.merchant.currency
    mark = mark_of(staff) if staff else ""
    who = staff.host_name if staff else ""
    picture = room.cover.name
    if card is not None:
        picture = card.photo.image.name if card.photo else ""
    return Poster(
        shop=room.merchant.name,
        title=card.product.name if card else room.title,
        line=room.title if card else _when(room),
        now=str(money_plain_short(card.price, currency)) if card else _on_air(room),
        lamp=card is None or card.is_deal,
        picture=picture or "",
        address=_absolute(request, room, card.item.pk if card else None, mark),
        invitation=_("%(name)s invites you: scan and watch") % {"name": who}
        if who
        else _("Scan and watch"),
    )


def _on_air(room: Room) -> str:
    return _("On air now") if room.is_on_air else ""


def _when(room: Room) -> str:
    if room.is_on_air:
        return _("Hosted by %(name)s") % {"name": room.host_name}
    if room.shown_state == RoomState.SCHEDULED:
        return _("Begins %(when)s") % {"when": moment(room.starts_at)}
    return _("Watch it again whenever you like")
