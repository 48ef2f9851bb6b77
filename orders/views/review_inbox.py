"""What buyers say, as the shop reads it: clerks reply, managers hide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from orders.forms.review import ReasonForm, ReplyForm
from orders.models import Review
from orders.selectors.review import PAGE, review_list, review_tabs, with_reports
from orders.services.review import hide_review, reply_to, show_review


@require_safe
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    """Every review of the shop, page by page."""
    return _inbox(request)


@require_POST
@merchant_view(Role.CLERK)
def reply(request: MerchantRequest, review: str) -> HttpResponse:
    """The shop's answer, below the review. What was typed comes back if it could not be saved."""
    found = _review(request, review)
    form = ReplyForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            reply_to(review=found, by=request.user, **form.cleaned_data)
        except RuleBroken as refusal:
            form.add_error("text", str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("Everybody reads it below the review."))
            return _back(request)
    return _inbox(request, Refused(found, form), status)


@require_POST
@merchant_view(Role.MANAGER)
def hide(request: MerchantRequest, review: str) -> HttpResponse:
    found = _review(request, review)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["reason"][0]))
        return _back(request)
    return _done(
        request,
        lambda: hide_review(review=found, by=request.user, **form.cleaned_data),
        _("Hidden. Its stars count on."),
    )


@require_POST
@merchant_view(Role.MANAGER)
def show(request: MerchantRequest, review: str) -> HttpResponse:
    found = _review(request, review)
    return _done(
        request,
        lambda: show_review(review=found, by=request.user),
        _("Everybody can read it again."),
    )


def _done(request: MerchantRequest, verb: Callable[[], None], said: str) -> HttpResponse:
    verb()
    messages.success(request, said)
    return _back(request)


def _back(request: MerchantRequest) -> HttpResponse:
    answer = redirect("orders:reviews", request.merchant.slug)
    answer["Location"] += f"?tab={_tab(request)}"
    return answer


def _tab(request: MerchantRequest) -> str:
    tab = request.POST.get("tab") or request.GET.get("tab", "")
    return tab if tab in _tabs_of(request) else "all"


def _tabs_of(request: MerchantRequest) -> dict[str, str]:
    """{tab: its word} of those that she sees."""
    words = {"all": _("All"), "open": _("Without a reply")}
    if request.staff.is_manager:
        words |= {"reported": _("Reported"), "hidden": _("Hidden")}
    return words


@dataclass
class Refused:
    """A reply that could not be saved, as it was typed."""

    review: Review
    form: ReplyForm


def _inbox(
    request: MerchantRequest, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    """A tab; after a refusal the review that it was about, for it may have left every tab."""
    tab, counts = ("all" if refused else _tab(request)), review_tabs(request.staff)
    rows = review_list(request.staff, tab)
    pages = Paginator(rows.filter(pk=refused.review.pk) if refused else rows, PAGE)
    if not refused:
        pages.count = counts[tab]
    words = _tabs_of(request)
    page = pages.get_page(request.GET.get("page"))
    if request.staff.is_manager:
        with_reports(page.object_list)
    context = {
        "page": page,
        "tab": tab,
        "tabs": [(name, word, counts[name]) for name, word in words.items()],
        "reasons": ReasonForm.base_fields["reason"].choices,  # type: ignore[attr-defined]
    }
    template = "orders/review/inbox.html"
    if refused:
        context |= {"answered": refused.review.public_id, "form": refused.form}
    return render(request, template, context, status=status)


def _review(request: MerchantRequest, review: str) -> Review:
    return get_object_or_404(request.merchant.reviews, public_id=review)
