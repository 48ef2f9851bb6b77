"""A refund: the buyer asks and follows it, the shop answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, cast

from django import forms
from django.contrib import messages
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import BadPicture, RuleBroken
from merchants.pace import keep_pace
from merchants.resent import once_per_form
from merchants.rules.role import Role
from orders.errors import TooManyPhotos
from orders.forms.refund import (
    AgreeForm,
    AnswerForm,
    AskForm,
    GiveForm,
    SentBackForm,
    TakeBackForm,
    WordsForm,
)
from orders.hers import is_hers
from orders.models import Dispute, Order, Refund
from orders.rules.refund import MOST_PHOTOS
from orders.selectors.order import lines_with_pictures, seen_by
from orders.services.dispute import answer_dispute, open_dispute
from orders.services.refund import (
    approve_refund,
    give_refund,
    refuse_refund,
    request_refund,
    send_back,
    take_back,
    withdraw_refund,
)
from orders.services.refund_photo import develop_proof

# --- the buyer ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """She wants money back. Only on the device that ordered."""
    order = _bought_here(request, number)
    if order is None:
        messages.error(request, _("Only the device it was ordered with can ask for money back."))
        return redirect("track:order", number)
    if order.paid_at is None:
        messages.error(request, _("Nothing was paid for this order."))
        return redirect("track:order", number)
    form = AskForm(request.POST or None, order=order)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                keep_pace(request, "refund")  # before pictures are developed
                photos = _photos(request, form)
                wish = form.wish()
                if not form.errors:
                    wish |= {"order": order, "photos": photos}
                    _once(request, order, lambda: request_refund(**wish))
                    messages.success(request, _("Asked. The shop answers within 48 hours."))
                    return redirect("track:order", number)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
        if request.FILES:
            form.add_error("file", _("Choose the photos once more."))
    context = {"order": order, "form": form}
    return render(request, "orders/refund/ask.html", context, status=status)


def _photos(request: HttpRequest, form: AskForm) -> list[ContentFile[bytes]]:
    """Her pictures as re-encoded by us; what is none is said at their field, and nothing is sent.

    A refund is asked for once: a picture that was left out silently could not be added later.
    """
    files = cast(list[UploadedFile], request.FILES.getlist("file"))
    if len(files) > MOST_PHOTOS:
        form.add_error("file", str(TooManyPhotos.sentence))
        return []
    developed = []
    for file in files:
        try:
            developed.append(develop_proof(file=cast(BinaryIO, file), size=file.size or 0))
        except BadPicture as refusal:
            form.add_error("file", f"{file.name}{_(': ')}{refusal}")
    return developed


@require_POST
def withdraw(request: HttpRequest, number: str, refund: str) -> HttpResponse:
    """She keeps what she has after all."""
    wanted, form = _hers(request, number, refund), AnswerForm(request.POST)
    if wanted is not None and form.is_valid():
        version = form.cleaned_data["version"]
        _try(
            request,
            lambda: withdraw_refund(refund=wanted, version=version),
            _("Withdrawn. You keep your order as it is."),
        )
    return redirect("track:order", number)


@require_POST
def sent(request: HttpRequest, number: str, refund: str) -> HttpResponse:
    """Her parcel is on its way back."""
    wanted = _hers(request, number, refund)
    form, answer = SentBackForm(request.POST), AnswerForm(request.POST)
    if wanted is not None and answer.is_valid():
        if form.is_valid():
            facts = {**form.cleaned_data, "version": answer.cleaned_data["version"]}
            _try(
                request,
                lambda: send_back(refund=wanted, **facts),
                _("The shop knows that it comes."),
            )
        else:
            messages.error(request, _refused(form))
    return redirect("track:order", number)


@require_POST
def dispute(request: HttpRequest, number: str, refund: str) -> HttpResponse:
    """She does not accept the refusal, and asks the platform."""
    wanted, form = _hers(request, number, refund), WordsForm(request.POST)
    if wanted is not None:
        if form.is_valid():
            words = form.cleaned_data["words"]
            _try(
                request,
                lambda: open_dispute(refund=wanted, words=words),
                _("The platform has been asked. You read its answer here."),
            )
        else:
            messages.error(request, _refused(form))
    return redirect("track:order", number)


def _bought_here(request: HttpRequest, number: str) -> Order | None:
    orders = Order.objects.select_related("merchant").prefetch_related(
        lines_with_pictures(), "lines__variant__product__variants"
    )
    order = get_object_or_404(orders, number=number)
    return order if is_hers(request.session, order) else None


def _hers(request: HttpRequest, number: str, refund: str) -> Refund | None:
    order = _bought_here(request, number)
    if order is None:
        messages.error(request, _("Only the device it was ordered with can do that."))
        return None
    return get_object_or_404(Refund, order=order, public_id=refund)


# --- the shop -------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def give(request: MerchantRequest, number: str) -> HttpResponse:
    """Money goes back without having been asked for."""
    order = _order(request, number)
    form = GiveForm(request.POST or None, order=order)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                gift = form.gift()
                _once(request, order, lambda: give_refund(order=order, by=request.user, **gift))
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("The money goes back."))
                return redirect("orders:order_detail", request.merchant.slug, number)
    context = {"order": order, "form": form}
    return render(request, "orders/refund/give.html", context, status=status)


@require_POST
@merchant_view(Role.MANAGER)
def approve(request: MerchantRequest, number: str, refund: str) -> HttpResponse:
    done = _("Agreed. The customer is told.")
    return _answer(request, number, refund, approve_refund, done, AgreeForm)


@require_POST
@merchant_view(Role.MANAGER)
def refuse(request: MerchantRequest, number: str, refund: str) -> HttpResponse:
    return _answer(request, number, refund, refuse_refund, _("Refused. The customer is told why."))


@require_POST
@merchant_view(Role.CLERK)
def receive(request: MerchantRequest, number: str, refund: str) -> HttpResponse:
    """The parcel is here again."""
    wanted = get_object_or_404(Refund, order=_order(request, number), public_id=refund)
    form = TakeBackForm(request.POST, stores=request.stores)
    if not form.is_valid():
        messages.error(request, _refused(form))
    else:
        version, store = form.cleaned_data["version"], form.place()
        done = _("It is here. The money goes back.")
        if wanted.is_exchange:
            done = _("It is here. What goes out for it is an order now: pack it.")
        _try(
            request,
            lambda: take_back(refund=wanted, version=version, by=request.user, store=store),
            done,
        )
        wanted.refresh_from_db()
        if wanted.replacement is not None:
            number = wanted.replacement.number
    return redirect("orders:order_detail", request.merchant.slug, number)


@require_POST
@merchant_view(Role.MANAGER)
def dispute_answer(request: MerchantRequest, number: str, refund: str) -> HttpResponse:
    """The shop's side of what the platform was asked."""
    refused = get_object_or_404(Refund, order=_order(request, number), public_id=refund)
    wanted = Dispute.objects.select_related("refund__order").filter(refund=refused).first()
    form = WordsForm(request.POST)
    if wanted is None:
        messages.error(request, _("The customer has not asked the platform."))
    elif form.is_valid():
        words = form.cleaned_data["words"]
        _try(
            request,
            lambda: answer_dispute(dispute=wanted, words=words, by=request.user),
            _("Sent. The platform decides."),
        )
    else:
        messages.error(request, _refused(form))
    return redirect("orders:order_detail", request.merchant.slug, number)


def _answer(
    request: MerchantRequest,
    number: str,
    refund: str,
    verb: Callable[..., object],
    done: str,
    kind: type[AnswerForm] = AnswerForm,
) -> HttpResponse:
    wanted = get_object_or_404(Refund, order=_order(request, number), public_id=refund)
    form = kind(request.POST)
    if form.is_valid():
        _try(request, lambda: verb(refund=wanted, by=request.user, **form.cleaned_data), done)
    else:
        messages.error(request, _refused(form))
    return redirect("orders:order_detail", request.merchant.slug, number)


def _order(request: MerchantRequest, number: str) -> Order:
    orders = seen_by(request.staff).select_related("merchant")
    return get_object_or_404(orders.prefetch_related(lines_with_pictures()), number=number)


# --- both -----------------------------------------------------------------------------------------


def _once(request: HttpRequest, order: Order, act: Callable[[], Refund]) -> None:
    """The same form again is the same refund (P2)."""
    once_per_form(request, scope=f"refund:{order.pk}", act=lambda: act().public_id)


def _refused(form: forms.Form) -> str:
    """The first thing that is wrong with a form of one line."""
    return str(next(iter(form.errors.values()))[0])


def _try(request: HttpRequest, verb: Callable[[], object], done: str) -> None:
    try:
        verb()
        messages.success(request, done)
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
