"""What every page knows without asking: theme, language, the shop on the counter, its news."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import Count, ExpressionWrapper, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchants.models import Notification, Staff, User
from merchants.models.notification import concerns
from merchants.rules.notification import Channel
from merchants.rules.role import Role

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
KEYS_COOKIE = "keys"
HTML_LANG = {"zh-hans": "zh-CN"}


def page(request: HttpRequest) -> dict[str, Any]:
    """`theme` is empty when the device decides. Nothing here costs a query until it is printed."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    language = get_language() or "zh-hans"
    merchant = getattr(request, "merchant", None)
    found: dict[str, Any] = {
        "theme": chosen if chosen in THEMES else "",
        "keys_off": request.COOKIES.get(KEYS_COOKIE) == "off",
        "html_lang": HTML_LANG.get(language, language),
        "shop": merchant,
        "place": getattr(request, "staff", None),
        "words": words,  # called by the template that prints it
    }
    if merchant is not None:
        found["places"] = SimpleLazyObject(lambda: places(request))
        found["unread"] = SimpleLazyObject(lambda: unread(found["places"], merchant.pk))
    return found


def places(request: HttpRequest) -> list[Staff]:
    """The shops this person works in, each with `unread`: one query for switcher and bell."""
    news = (
        Notification.objects.alias(reader=ExpressionWrapper(OuterRef("role"), IntegerField()))
        .filter(
            Q(reader__gte=Role.MANAGER.value) | concerns(OuterRef(OuterRef("pk"))),
            merchant=OuterRef("merchant"),
            channel=Channel.IN_APP,
            sent_at__isnull=False,
            read_at__isnull=True,
        )
        .order_by()
        .values("merchant")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return list(
        Staff.objects.filter(user=cast(User, request.user))
        .select_related("merchant")
        .annotate(unread=Coalesce(Subquery(news), 0))
        .order_by("pk")
    )


def unread(places: Iterable[Any], merchant_id: int) -> int:
    """How many notices of this shop nobody has looked at yet."""
    return next((place.unread for place in places if place.merchant_id == merchant_id), 0)


def words() -> dict[str, str]:
    """The sentences that modules say when no server answer is at hand."""
    return {
        "offline": _("The network is down. What you wrote is still here."),
        "400": _("That did not work. Look at it once more."),
        "403": _("You may not do this. Ask the owner."),
        "404": _("This is no longer here."),
        "409": _("That is not possible right now."),
        "413": _("This file is too big."),
        "419": _("You were away for a while. Press once more."),
        "429": _("That was too fast. Wait a few seconds."),
        "500": _("Something broke on our side. Nothing of yours is lost."),
        "503": _("We are closed for maintenance. Try again in a few minutes."),
        "close": _("Close"),
        "undo": _("Undo"),
        "copied": _("Copied"),
    }
