"""Following a shop: one button, for its pages and its rooms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from livestream.selectors.draw import follows
from livestream.services import follow as verbs
from merchants.device import customer_of, known_guest
from merchants.errors import RuleBroken
from merchants.models import Merchant
from merchants.pace import keep_pace


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, merchant: str) -> HttpResponse:
    """The button as it stands for her; pressed, the other one."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context: dict[str, Any] = {"merchant": shop, "refusal": None}
    status = 200
    if request.method == "POST":
        verb = verbs.unfollow if request.POST.get("do") == "unfollow" else verbs.follow
        try:
            keep_pace(request, "follow")
            verb(merchant=shop, customer=customer_of(request.session, shop))
        except RuleBroken as refusal:
            context["refusal"], status = str(refusal), refusal.status
        if not request.headers.get("HX-Request") and status == 200:
            return redirect("shop:front", shop.slug)
    context["follows"] = follows(shop, known_guest(request.session, shop))
    return render(request, "livestream/follow/_button.html", context, status=status)
