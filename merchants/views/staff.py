"""Who works in the shop, and who is invited to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import AlreadyStaff, RuleBroken
from merchants.forms.staff import InvitationForm, RoleForm
from merchants.models import Staff
from merchants.models.staff import ROLE_LABELS
from merchants.resent import once_per_form
from merchants.rules.role import Role
from merchants.services.invitation import invite, revoke_invitation
from merchants.services.staff import change_role, remove_staff


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    """The list; POST invites somebody."""
    form = InvitationForm(request.POST or None, by=request.staff)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            once_per_form(
                request,
                scope="invite",
                act=lambda: invite(by=request.staff, **form.terms()).public_id,
            )
        except RuleBroken as refusal:
            form.add_error("email" if isinstance(refusal, AlreadyStaff) else None, str(refusal))
            status = refusal.status
        else:
            done = _("Invited: the mail is on its way, and the link stands below.")
            if not form.cleaned_data["email"]:
                done = _("Invited: copy the link below and hand it over.")
            messages.success(request, done)
            return redirect("merchants:staff_list", request.merchant.slug)
    invitations = request.merchant.invitations.open(timezone.now())
    context = {
        "form": form,
        "people": request.merchant.staff.select_related("user").prefetch_related("stores"),
        "several": request.merchant.stores.count() > 1,
        "roles": ROLE_LABELS,
        "invitations": [
            (one, request.build_absolute_uri(one.path))
            for one in invitations.select_related("invited_by").prefetch_related("stores")
        ],
    }
    return render(request, "merchants/staff/list.html", context, status=status)


@require_POST
@merchant_view(Role.OWNER)
def role(request: MerchantRequest, place: int) -> HttpResponse:
    found = _place(request, place)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a role."))
        return redirect("merchants:staff_list", request.merchant.slug)
    try:
        change_role(staff=found, role=Role(form.cleaned_data["role"]))
        messages.success(request, _("Saved"))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:staff_list", request.merchant.slug)


@require_POST
@merchant_view(Role.OWNER)
def remove(request: MerchantRequest, place: int) -> HttpResponse:
    try:
        remove_staff(staff=_place(request, place))
        messages.success(request, _("Removed"))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:staff_list", request.merchant.slug)


@require_POST
@merchant_view(Role.MANAGER)
def revoke(request: MerchantRequest, invitation: str) -> HttpResponse:
    # Who may not give a role may not take it back either.
    found = get_object_or_404(
        request.merchant.invitations, public_id=invitation, role__lte=request.staff.role
    )
    try:
        revoke_invitation(invitation=found)
        messages.success(request, _("Taken back: the link opens nothing any more."))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:staff_list", request.merchant.slug)


def _place(request: MerchantRequest, pk: int) -> Staff:
    return get_object_or_404(request.merchant.staff.select_related("merchant", "user"), pk=pk)
