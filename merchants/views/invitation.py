"""What is offered to who holds a link, and the acceptance."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from merchants.errors import RuleBroken
from merchants.forms.staff import JoinForm
from merchants.models import Invitation, User
from merchants.services.invitation import accept_invitation, is_for


@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites to what, in which role. Accepting needs an account; the way back is kept."""
    offers = Invitation.objects.select_related("merchant", "invited_by")
    invitation = offers.behind(token)
    if invitation is None:
        raise Http404
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    user = cast(User, request.user)
    form = JoinForm(
        request.POST or None,
        initial={"host_name": user.name[:15]} if user.is_authenticated else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            accept_invitation(invitation=invitation, user=user, **form.cleaned_data)
        except RuleBroken as refusal:
            form.add_error(None, str(refusal))
            return _page(request, invitation, form, status=refusal.status)
        messages.success(request, _("Welcome to %(shop)s.") % {"shop": invitation.merchant.name})
        return redirect("livestream:home", invitation.merchant.slug)
    return _page(request, invitation, form, status=422 if form.is_bound else 200)


def _page(
    request: HttpRequest, invitation: Invitation, form: JoinForm, *, status: int
) -> HttpResponse:
    user = request.user
    is_open = Invitation.objects.open(timezone.now()).filter(pk=invitation.pk).exists()
    works_here = user.is_authenticated and invitation.merchant.staff.filter(user=user).exists()
    inviter = invitation.merchant.staff.filter(user=invitation.invited_by).first()
    context = {
        "invitation": invitation,
        "inviter": inviter.host_name if inviter else "",
        "form": form,
        "is_open": is_open,
        "works_here": works_here,
        "fits": user.is_authenticated and is_for(invitation, cast(User, user)),
    }
    return render(
        request,
        "merchants/invitation/join.html",
        context,
        status=status if is_open or works_here else 410,
    )
