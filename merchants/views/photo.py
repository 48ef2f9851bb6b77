"""The photos of a product."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.forms.line import LineField
from merchants.models import Photo, Product
from merchants.resent import once_per_form
from merchants.rules.picture import PhotoState
from merchants.rules.role import Role
from merchants.services.photo import describe_photo, move_photo, remove_photo
from merchants.views.picture import arrived
from merchants.views.product import forms_as_saved, part_saved, photos_part, product_page


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def photos(request: MerchantRequest, product: str) -> HttpResponse:
    """GET: how far the waiting ones are. POST: more of them."""
    found = get_object_or_404(request.merchant.products, public_id=product)
    return _add(request, found) if request.method == "POST" else _progress(request, found)


def _add(request: MerchantRequest, found: Product) -> HttpResponse:
    came = arrived(request)
    if came.empty:
        came.refused = [_("Choose at least one photo.")]
    once_per_form(request, scope="photos", act=lambda: came.keep(found))
    if came.refused:
        return _part(request, found, refused=came.refused)
    return _part(request, found, said=_("Being prepared") if came.uploads else _("Saved"))


def _progress(request: MerchantRequest, found: Product) -> HttpResponse:
    """How many of the photos `of` are done, and those in the list that were not `done` before."""
    if not request.htmx:
        page = reverse("merchants:product_edit", args=[request.merchant.slug, found.public_id])
        return redirect(f"{page}#photos")
    of, drawn = _numbers(request.GET.get("of", "")), _numbers(request.GET.get("done", ""))
    whole = list(Photo.whole.filter(product=found))
    asked = [one for one in whole if one.pk in of]
    of = [one.pk for one in asked]  # one that was removed is waited for no more
    settled = [one for one in asked if one.state != PhotoState.WAITING]
    context = photos_part(found) | {
        "of": of,
        "fresh": [
            {"photo": one, "place": place, "last": place == len(whole) - 1}
            for place, one in enumerate(whole)
            if one in settled and one.pk not in drawn
        ],
        "done": [one.pk for one in settled],
    }
    return render(request, "merchants/product/_developing.html", context)


@require_POST
@merchant_view(Role.CLERK)
def photo_move(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found, one = _one(request, product, photo)
    place = request.POST.get("to", "")
    if len(place) <= 4 and place.isascii() and place.isdecimal():
        move_photo(photo=one, to=int(place))
    return _part(request, found, said=_("Saved"))


@require_POST
@merchant_view(Role.CLERK)
def photo_alt(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found, one = _one(request, product, photo)
    field = LineField(max_length=120, required=False)
    try:
        describe_photo(photo=one, alt=field.clean(request.POST.get("alt", "")))
    except ValidationError as trouble:
        refused = [f"{one.original_name or one.alt}: {sentence}" for sentence in trouble.messages]
        return _part(request, found, refused=refused)
    return _part(request, found, said=_("Saved"))


@require_POST
@merchant_view(Role.CLERK)
def photo_remove(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found, one = _one(request, product, photo)
    remove_photo(photo=one)
    return _part(request, found, said=_("Removed"))


@require_safe
@merchant_view(Role.CLERK)
def ahead(request: MerchantRequest, photo: int) -> HttpResponse:
    """How far one is that came ahead of its product; asked for until it is ready."""
    hers = Q(merchant=request.merchant, by=request.user)
    ours = hers | Q(product__merchant=request.merchant)
    one = get_object_or_404(Photo.whole.filter(ours), pk=photo)
    return render(request, "merchants/product/_ahead_picture.html", {"photo": one})


def _one(request: MerchantRequest, product: str, photo: int) -> tuple[Product, Photo]:
    found = get_object_or_404(request.merchant.products, public_id=product)
    return found, get_object_or_404(Photo.whole, product=found, pk=photo)


def _numbers(text: str) -> list[int]:
    words = text.split(",")[:100]
    return [int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 19]


def _part(
    request: MerchantRequest, product: Product, *, said: str = "", refused: list[str] | None = None
) -> HttpResponse:
    """The photos alone; with what was refused, the page without a script."""
    if not refused:
        return part_saved(request, product, "photos", photos_part(product), said)
    if request.htmx:
        context = photos_part(product, refused)
        return render(request, "merchants/product/_photos.html", context, status=422)
    forms = forms_as_saved(request, product)
    return product_page(request, product, *forms, refused=refused, status=422)
