"""The dashboard's first page: how to begin, the next show, what waits, the day's numbers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from livestream.selectors.checklist import checklist, moving_in
from livestream.selectors.home import home_page
from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role


@require_safe
@merchant_view(Role.CLERK)
def home(request: MerchantRequest) -> HttpResponse:
    context: dict[str, Any] = home_page(request.staff, timezone.now())
    if request.staff.is_manager and (steps := checklist(request.merchant)):
        context |= {"steps": steps, **moving_in(request.merchant, context["room"])}
    if request.htmx and context.get("steps") and not context.get("running"):
        return _another_page()  # a part of the numbers is asked for, and they are not shown now
    return render(request, "livestream/home/page.html", context)


def _another_page() -> HttpResponse:
    """The open page shows what is no longer there: it loads itself anew."""
    answer = HttpResponse(status=204)
    answer["HX-Refresh"] = "true"
    return answer
