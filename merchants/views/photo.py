"""The photos of a product."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.services.photo import keep_photo, remove_photo
from merchants.views.product import developed, forms_as_saved, part_saved, photos_part, product_page


@require_POST
@merchant_view(Role.CLERK)
def photo_add(request: MerchantRequest, product: str) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    pictures, refused = developed(request)
    if not pictures and not refused:
        refused = [_("Choose at least one photo.")]

    def keep() -> list[int]:
        return [keep_photo(product=found, picture=picture).pk for picture in pictures]

    once_per_form(request, scope="photos", act=keep)
    if not refused:
        return part_saved(request, found, "photos", photos_part(found), _("Saved"))
    if request.htmx:
        context = photos_part(found, refused)
        return render(request, "merchants/product/_photos.html", context, status=422)
    return product_page(
        request, found, *forms_as_saved(request, found), refused=refused, status=422
    )


@require_POST
@merchant_view(Role.CLERK)
def photo_remove(request: MerchantRequest, product: str, photo: int) -> HttpResponse:
    found = get_object_or_404(request.merchant.products, public_id=product)
    remove_photo(photo=get_object_or_404(found.photos, pk=photo))
    return part_saved(request, found, "photos", photos_part(found), _("Removed"))
