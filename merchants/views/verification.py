"""The brand verification of a shop: its words, its papers, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import BadPicture, RuleBroken, StaleVersion
from merchants.forms.verification import VerificationForm
from merchants.models import Verification, VerificationPaper
from merchants.models.verification import PAPER_LABELS
from merchants.private import picture_answer
from merchants.rules.picture import PAPER_SIZE
from merchants.rules.role import Role
from merchants.rules.search import key_of
from merchants.rules.verification import OPEN, WORDS, Claim, Paper, lacking, papers_needed
from merchants.services.picture import as_webp, read_picture
from merchants.services.verification import (
    Sheet,
    keep_papers,
    remove_paper,
    save_draft,
    submit,
    verification_of,
    withdraw,
)


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def page(request: MerchantRequest) -> HttpResponse:
    if request.method == "POST":
        return _posted(request, verification_of(request.merchant))
    found = Verification.objects.filter(merchant=request.merchant).first()
    found = found or Verification(merchant=request.merchant)
    return _page(request, found, VerificationForm(initial=VerificationForm.of(found)))


def _posted(request: MerchantRequest, found: Verification) -> HttpResponse:
    """Pictures are kept first, so that a mistake elsewhere never costs an upload."""
    handing_in = request.POST.get("act") == "submit"
    sheets, troubles = _sheets(request)
    data, refusal = request.POST.copy(), None
    try:
        if sheets:
            seen = _seen(request)
            data["version"] = str(keep_papers(verification=found, version=seen, papers=sheets))
    except RuleBroken as trouble:
        refusal = trouble
    form = VerificationForm(data, whole=handing_in)
    valid = form.is_valid()
    if handing_in:
        troubles = _missing(found, data.get("claim", "")) | troubles
    if valid and not troubles and not refusal:
        try:
            return _saved(request, found, form)
        except RuleBroken as trouble:
            refusal = trouble
    return _refused(request, found, form, troubles, refusal)


def _saved(request: MerchantRequest, found: Verification, form: VerificationForm) -> HttpResponse:
    found = save_draft(verification=found, version=form.cleaned_data["version"], words=form.words())
    if form.whole:
        submit(verification=found, version=found.version, by=request.user)
        messages.success(request, _("Handed in. We tell you when it has been looked at."))
    else:
        messages.success(request, _("Draft saved"))
    return redirect("merchants:verification", request.merchant.slug)


def _refused(
    request: MerchantRequest,
    found: Verification,
    form: VerificationForm,
    troubles: dict[str, str],
    refusal: RuleBroken | None,
) -> HttpResponse:
    """What was typed, with what is wrong; after a colleague's change, her words beside it."""
    found.refresh_from_db()
    theirs: dict[str, str] = {}
    if refusal is not None:
        form.add_error(None, str(refusal))
        # She has been told: the next save is hers.
        form.data = {name: form.data.get(name) for name in form.fields} | {
            "version": str(found.version)
        }
    if isinstance(refusal, StaleVersion):
        theirs = {
            name: getattr(found, name)
            for name in WORDS
            if getattr(found, name) != form.data.get(name, "").strip()
        }
    status = refusal.status if refusal else 422
    return _page(request, found, form, troubles=troubles, theirs=theirs, status=status)


def _page(
    request: MerchantRequest,
    found: Verification,
    form: VerificationForm,
    *,
    troubles: Mapping[str, str] | None = None,
    theirs: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    kept = {one.paper: one for one in found.papers.all()} if found.pk else {}
    words = {name: getattr(found, name) for name in WORDS}
    missing = lacking(Claim(found.claim), words, kept)
    context = {
        "form": form,
        "found": found,
        "open": found.state in OPEN,
        "papers": _papers(kept, troubles or {}),
        "company_whole": not {"company", "licence_number", Paper.LICENCE} & set(missing),
        "brand_whole": not set(missing) - {"company", "licence_number", Paper.LICENCE},
        "theirs": [(form[name].label, value) for name, value in (theirs or {}).items()],
    }
    return render(request, "merchants/verification/page.html", context, status=status)


def _papers(
    kept: Mapping[str, VerificationPaper], troubles: Mapping[str, str]
) -> list[dict[str, object]]:
    return [
        {
            "name": paper,
            "label": label,
            "kept": kept.get(paper),
            "trouble": troubles.get(paper, ""),
        }
        for paper, label in PAPER_LABELS.items()
    ]


def _sheets(request: MerchantRequest) -> tuple[dict[Paper, Sheet], dict[str, str]]:
    """The uploads as pictures, and a sentence for each that is none."""
    sheets, troubles = {}, {}
    for paper in Paper:
        file = request.FILES.get(paper)
        if file is None:
            continue
        try:
            picture = read_picture(cast(BinaryIO, file), size=file.size or 0)
            sheets[paper] = Sheet(as_webp(picture, PAPER_SIZE), str(file.name))
        except BadPicture as refusal:
            troubles[paper.value] = str(refusal)
    return sheets, troubles


def _seen(request: MerchantRequest) -> int:
    return key_of(request.POST.get("version", ""))


def _missing(found: Verification, claim: str) -> dict[str, str]:
    """A sentence for each paper without which it cannot be handed in."""
    if claim not in set(Claim):
        return {}
    kept = set(found.papers.values_list("paper", flat=True))
    needed = papers_needed(Claim(claim))
    return {
        paper.value: _("This picture is still missing.") for paper in needed if paper not in kept
    }


@require_POST
@merchant_view(Role.MANAGER)
def take_back(request: MerchantRequest) -> HttpResponse:
    found = verification_of(request.merchant)
    try:
        withdraw(verification=found, version=_seen(request), by=request.user)
        messages.success(request, _("Taken back. You can change it now."))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:verification", request.merchant.slug)


@require_safe
@merchant_view(Role.MANAGER)
def paper(request: MerchantRequest, paper: str) -> HttpResponse:
    """A picture, to managers of this shop only."""
    mine = VerificationPaper.objects.filter(verification__merchant=request.merchant)
    return picture_answer(get_object_or_404(mine, paper=paper).image)


@require_POST
@merchant_view(Role.MANAGER)
def paper_remove(request: MerchantRequest, paper: str) -> HttpResponse:
    mine = VerificationPaper.objects.filter(verification__merchant=request.merchant)
    found = get_object_or_404(mine, paper=paper)
    try:
        remove_paper(verification=found.verification, paper=Paper(found.paper))
        messages.success(request, _("Removed"))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("merchants:verification", request.merchant.slug)
