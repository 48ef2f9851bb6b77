"""Who works in the shop, and who is invited to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import AlreadyStaff, LastOwner, NoStore, RuleBroken
from merchants.forms.staff import InvitationForm, PlaceForm
from merchants.models import Staff
from merchants.resent import once_per_form
from merchants.rules.qr import square
from merchants.rules.role import Role
from merchants.services.invitation import invite, revoke_invitation
from merchants.services.staff import change_staff, remove_staff

FIELD_OF: dict[type[RuleBroken], str] = {LastOwner: "role", NoStore: "stores"}


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    """The list; POST invites somebody."""
    form = InvitationForm(request.POST or None, by=request.staff)
    if request.method == "POST" and form.is_valid():
        try:
            return _invited(request, form)
        except RuleBroken as refusal:
            form.add_error("email" if isinstance(refusal, AlreadyStaff) else None, str(refusal))
            return _list(request, form, refusal.status)
    return _list(request, form, 422 if form.is_bound else 200)


def _invited(request: MerchantRequest, form: InvitationForm) -> HttpResponse:
    once_per_form(
        request, scope="invite", act=lambda: invite(by=request.staff, **form.terms()).public_id
    )
    done = _("Invited: copy the link below and hand it over.")
    if form.cleaned_data["email"]:
        done = _("Invited: the mail is on its way, and the link stands below.")
    messages.success(request, done)
    return redirect("merchants:staff_list", request.merchant.slug)


def _list(request: MerchantRequest, form: InvitationForm, status: int) -> HttpResponse:
    open_ones = request.merchant.invitations.open(timezone.now())
    context = {
        "form": form,
        "people": request.merchant.staff.select_related("user").prefetch_related("stores"),
        "several": request.merchant.stores.count() > 1,
        "invitations": [
            (one, square(request.build_absolute_uri(one.path)))
            for one in open_ones.select_related("invited_by").prefetch_related("stores")
        ],
    }
    return render(request, "merchants/staff/list.html", context, status=status)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def edit(request: MerchantRequest, place: int) -> HttpResponse:
    """One colleague: role, name, stores, and the way out."""
    return _edit(request, _place(request, place), "merchants:staff_list")


@require_http_methods(["GET", "POST"])
@merchant_view(Role.CLERK)
def mine(request: MerchantRequest) -> HttpResponse:
    """One's own place: what it is, the name in the live room, leaving."""
    return _edit(request, request.staff, "merchants:me")


@require_POST
@merchant_view(Role.CLERK)
def leave(request: MerchantRequest) -> HttpResponse:
    try:
        remove_staff(staff=request.staff, by=request.user)
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
        return redirect("merchants:me", request.merchant.slug)
    messages.success(request, _("You no longer work at %(shop)s.") % {"shop": request.merchant})
    return redirect("dashboard")


@require_POST
@merchant_view(Role.OWNER)
def remove(request: MerchantRequest, place: int) -> HttpResponse:
    found = _place(request, place)
    try:
        remove_staff(staff=found, by=request.user)
        messages.success(request, _("%(name)s is removed.") % {"name": found.host_name})
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    if found.pk == request.staff.pk:  # what she asks for next is no longer hers
        return redirect("dashboard")
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


def _edit(request: MerchantRequest, place: Staff, back: str) -> HttpResponse:
    form = PlaceForm(request.POST or None, by=request.staff, place=place)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            change_staff(staff=place, by=request.staff, **form.terms())
        except RuleBroken as refusal:
            field = FIELD_OF.get(type(refusal), "")
            form.add_error(field if field in form.fields else None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("Saved"))
            return redirect(back, request.merchant.slug)
    context = {
        "form": form,
        "person": place,
        "own": place.pk == request.staff.pk,
        "several": request.merchant.stores.count() > 1,
    }
    return render(request, "merchants/staff/edit.html", context, status=status)
