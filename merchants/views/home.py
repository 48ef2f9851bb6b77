"""The dashboard's first page, and the way to a first shop."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from merchants.access import SignedIn
from merchants.forms.merchant import NewMerchantForm
from merchants.forms.sign_up import PENDING
from merchants.models import Staff
from merchants.resent import once_per_form
from merchants.services.merchant import open_merchant


@require_safe
@login_required
def entry(request: SignedIn) -> HttpResponse:
    """To the shop this person works in; to the form for one if there is none yet."""
    places = Staff.objects.select_related("merchant").filter(user=request.user)
    place = places.order_by("pk").first()  # the shop she opened comes before those that added her
    if place is None:
        return redirect("new_merchant")
    return redirect("livestream:home", place.merchant.slug)


@require_http_methods(["GET", "POST"])
@login_required
def new_merchant(request: SignedIn) -> HttpResponse:
    form = NewMerchantForm(request.POST or None, initial=request.session.get(PENDING))
    if request.method == "POST" and form.is_valid():
        slug = once_per_form(
            request,
            scope="shop",
            act=lambda: open_merchant(owner=request.user, **form.cleaned_data).slug,
        )
        return redirect("livestream:home", slug)
    status = 422 if form.is_bound else 200
    return render(request, "merchants/merchant/new.html", {"form": form}, status=status)
