"""The dashboard's first page: the next show, what waits, the day's numbers."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from livestream.selectors.home import home_page
from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role


@require_safe
@merchant_view(Role.CLERK)
def home(request: MerchantRequest) -> HttpResponse:
    context = home_page(request.staff, timezone.now())
    return render(request, "livestream/home/page.html", context)
