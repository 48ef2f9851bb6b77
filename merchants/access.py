"""The only door from a request to a merchant's data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from merchants.models import Merchant, Staff, Store, User
from merchants.rules.role import Role

View = Callable[..., HttpResponse]


class SignedIn(HttpRequest):
    """A request that has passed `login_required`."""

    user: User


class MerchantRequest(SignedIn):
    """A request that has passed `merchant_view`."""

    htmx: HtmxDetails
    merchant: Merchant
    staff: Staff
    stores: QuerySet[Store]  # those that she serves


def staff_for(user: User, slug: str) -> Staff | None:
    """The user's place in the merchant with this address, if she has one."""
    return (
        Staff.objects.select_related("merchant", "user")
        .filter(user_id=user.pk, user__is_active=True, merchant__slug=slug)
        .first()
    )


def stores_for(staff: Staff) -> QuerySet[Store]:
    """The stores whose stock and pick-ups she sees: a manager every one, a clerk her own."""
    return staff.merchant.stores.all() if staff.is_manager else staff.stores.all()


def merchant_view(role: Role) -> Callable[[View], View]:
    """Let staff with at least `role` in; give the view `request.merchant`, `.staff`, `.stores`.

    A stranger gets 404, for he must not learn that the shop exists; too low a role gets 403.
    """

    def decorator(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: MerchantRequest, merchant: str, **kwargs: Any) -> HttpResponse:
            staff = staff_for(request.user, merchant)
            if staff is None:
                raise Http404
            if staff.role < role:
                raise PermissionDenied
            request.merchant = staff.merchant
            request.staff = staff
            request.stores = stores_for(staff)
            return view(request, **kwargs)

        return guarded

    return decorator
