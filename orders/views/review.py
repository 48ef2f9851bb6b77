"""Reviews: what others say of a product, and what she says who bought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.device import device_of
from merchants.errors import RuleBroken
from merchants.models import Product
from merchants.pace import keep_pace
from merchants.resent import once_per_form
from merchants.rules.picture import PhotoState
from merchants.rules.product import ProductState
from merchants.services.photo import Upload
from orders.errors import NotArrived, NotYourReview
from orders.forms.review import FollowUpForm, PhotosForm, ReasonForm, ReviewForm
from orders.hers import is_hers
from orders.models import Line, Review, ReviewPhoto
from orders.rules.review import MOST_PHOTOS, may_follow
from orders.selectors.review import reviews_of, score_of
from orders.services.review import add_photos as add_more
from orders.services.review import (
    follow_up,
    report_review,
    write_review,
)
from orders.services.review_photo import photos_of


@require_safe
def of_product(request: HttpRequest, merchant: str, product: str) -> HttpResponse:
    """What buyers say of it, page by page: a page, and the same as a part of the product's."""
    goods = Product.objects.on_sale().select_related("merchant")
    found = get_object_or_404(goods, merchant__slug=merchant, public_id=product)
    score = score_of(found)
    page = reviews_of(found, score).get_page(request.GET.get("page"))
    context = {"product": found, "merchant": found.merchant, "score": score, "page": page}
    template = "_list.html" if request.headers.get("HX-Request") else "list.html"
    return render(request, f"orders/review/{template}", context)


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """Her word on one line of her order; once it is written, how it stands and what she may add."""
    found = _line(number, line)
    mine = is_hers(request.session, found.order)
    if not mine:
        messages.error(request, str(NotYourReview.sentence))
        return redirect("track:order", number)
    if hasattr(found, "review"):
        return _shown(request, found.review)
    if not found.has_arrived:
        messages.error(request, str(NotArrived.sentence))
        return redirect("track:order", number)
    form = ReviewForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                keep_pace(request, "review")
                return _written(request, found, form)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
        if request.FILES:
            form.add_error("file", _("Choose the photos once more."))
    context = {"line": found, "order": found.order, "form": form}
    return render(request, "orders/review/write.html", context, status=status)


def _written(request: HttpRequest, line: Line, form: ReviewForm) -> HttpResponse:
    came = _came(request, MOST_PHOTOS)
    words = {"stars": form.cleaned_data["stars"], "text": form.cleaned_data["text"]}

    def act() -> str:
        device = _writer(request, line)
        return write_review(line=line, device=device, uploads=came.uploads, **words).public_id

    once_per_form(request, scope=f"review:{line.pk}", act=act)
    messages.success(request, _("Thank you. Everybody can read it now."))
    for sentence in came.refused:
        messages.error(request, sentence)
    return redirect("track:review", line.order.number, line.pk)


@require_POST
def add_photos(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """More photos beside what she has written."""
    review = _hers(request, number, line)
    if review is not None:
        try:
            keep_pace(request, "review")  # before pictures are developed
            came = _came(request, MOST_PHOTOS - photos_of(review).count())

            def act() -> int:
                device = _writer(request, review.line)
                add_more(review=review, device=device, uploads=came.uploads)
                return len(came.uploads)

            once_per_form(request, scope=f"review-photos:{review.pk}", act=act)
        except RuleBroken as refusal:
            messages.error(request, str(refusal))
        else:
            if came.uploads:
                messages.success(request, _("Saved"))
            for sentence in came.refused or ([] if came.uploads else [_("Choose a photo first.")]):
                messages.error(request, sentence)
    return redirect("track:review", number, line)


@require_POST
def follow(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """One word more, after use."""
    review = _hers(request, number, line)
    if review is None:
        return redirect("track:review", number, line)
    form = FollowUpForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            keep_pace(request, "review")
            follow_up(review=review, device=_writer(request, review.line), **form.cleaned_data)
        except RuleBroken as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("Saved"))
            return redirect("track:review", number, line)
    return _shown(request, review, form, status)


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, review: str) -> HttpResponse:
    """Somebody thinks that it should not stand there, and says why."""
    rows = Review.objects.filter(hidden_for="").select_related("product__merchant", "line__order")
    found = get_object_or_404(rows, public_id=review)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                keep_pace(request, "report")
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                device = device_of(request.session)
                report_review(review=found, device=device, **form.cleaned_data)
                messages.success(request, _("Thank you. The shop looks at it."))
                goods = found.product
                if goods.state != ProductState.ON_SALE:
                    return redirect("shop:front", goods.merchant.slug)
                return redirect("track:reviews", goods.merchant.slug, goods.public_id)
    context = {"review": found, "form": form}
    return render(request, "orders/review/report.html", context, status=status)


@dataclass
class Came:
    """The pictures that came with a request, and a sentence for each file that is none."""

    uploads: list[Upload]
    refused: list[str]


def _came(request: HttpRequest, most: int) -> Came:
    came = Came([], [])
    files = cast(list[UploadedFile], request.FILES.getlist("file"))
    for file in files[: max(most, 0)]:
        try:
            upload = Upload(cast(BinaryIO, file), file.size or 0)
            upload.check()
            came.uploads.append(upload)
        except RuleBroken as refusal:
            came.refused.append(f"{file.name}{_(': ')}{refusal}")
    if len(files) > most:
        came.refused.append(_("At most 6 photos. The others were left out."))
    return came


def _line(number: str, line: int) -> Line:
    rows = Line.objects.select_related("order__merchant", "variant__product", "review")
    return get_object_or_404(rows, order__number=number, pk=line)


def _writer(request: HttpRequest, line: Line) -> UUID:
    """The device that ordered it, for whoever may act for it."""
    own = device_of(request.session)
    return line.order.device or own if is_hers(request.session, line.order) else own


def _hers(request: HttpRequest, number: str, line: int) -> Review | None:
    found = _line(number, line)
    if not is_hers(request.session, found.order):
        messages.error(request, str(NotYourReview.sentence))
        return None
    return getattr(found, "review", None)


def _shown(
    request: HttpRequest, review: Review, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    open_now = not review.follow_up_at and may_follow(review.written_at, timezone.now())
    context: dict[str, Any] = {
        "review": review,
        "line": review.line,
        "order": review.line.order,
        "photos_left": MOST_PHOTOS - photos_of(review).count(),
        "waiting": ReviewPhoto.whole.filter(review=review, state=PhotoState.WAITING).count(),
        "unread": ReviewPhoto.whole.filter(review=review, state=PhotoState.REFUSED).count(),
        "photos_form": PhotosForm(),
        "follow_form": form or (FollowUpForm() if open_now else None),
    }
    return render(request, "orders/review/mine.html", context, status=status)
