"""The chat from behind the counter: its tools, its inbox, and the lists a shop keeps for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from livestream.forms.talk import ListsForm, PaceForm, SanctionForm
from livestream.models import HeldLine, Message, Question, Room
from livestream.selectors.chat import as_table, waiting
from livestream.selectors.moderation import in_force
from livestream.selectors.question import inbox as asked
from livestream.services import chat
from livestream.services import question as questions
from livestream.services.moderation import (
    lift_sanction,
    sanction,
    set_quick_replies,
    set_words,
)
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken, Taken
from merchants.rules.role import Role
from merchants.services.sheet import write_csv

PACES = (0, 5, 10, 30, 60, 120)  # seconds, as the console offers them


@require_POST
@merchant_view(Role.CLERK)
def talk(request: MerchantRequest, room: str) -> HttpResponse:
    """One act on the chat of a room. The sockets tell everyone what came of it."""
    found = _room(request, room)
    verb = _verb(request, found)
    if verb is None:
        return HttpResponse(status=422)
    try:
        with suppress(Taken):  # a colleague was faster: it is as she wanted
            verb()
    except RuleBroken as refusal:
        sentence = {"code": refusal.code, "sentence": str(refusal)}
        return JsonResponse(sentence, status=refusal.status)
    if request.htmx or not request.accepts("text/html"):
        return HttpResponse(status=204)
    return redirect("livestream:console", request.merchant.slug, room)


def _verb(request: MerchantRequest, found: Room) -> Callable[[], Any] | None:
    """The verb that was asked for, with what it is asked of; None for an odd request."""
    match request.POST.get("do"):
        case "mute" | "unmute" as do:
            return lambda: chat.mute(room=found, muted=do == "mute")
        case "hide":
            line = _message(request, found)
            return lambda: chat.hide(message=line)
        case "pin":
            line = _message(request, found)
            return lambda: chat.pin(room=found, text=line.text)
        case "unpin":
            return lambda: chat.pin(room=found, text="")
        case "approve":
            held = _held(request, found)
            return lambda: chat.approve(held=held, by=request.staff)
        case "dismiss":
            held = _held(request, found)
            return lambda: chat.dismiss(held=held, by=request.staff)
        case "pace":
            pace = PaceForm(request.POST)
            return (lambda: chat.pace(room=found, **pace.cleaned_data)) if pace.is_valid() else None
        case "sanction":
            return _sanction(request, found)
        case "take" | "leave" | "answered" | "aside" as do:
            return _question_verb(request, found, do)
    return None


def _sanction(request: MerchantRequest, found: Room) -> Callable[[], Any] | None:
    form = SanctionForm(request.POST)
    if not form.is_valid():
        return None
    line = _held(request, found) if "held" in request.POST else _message(request, found)
    return lambda: sanction(line=line, by=request.staff, **form.cleaned_data)


def _question_verb(request: MerchantRequest, found: Room, do: str) -> Callable[[], Any]:
    wanted = _number(request, "question")
    question = get_object_or_404(Question.objects.select_related("room"), room=found, pk=wanted)
    verbs: dict[str, Callable[..., Any]] = {
        "take": questions.take_question,
        "leave": questions.leave_question,
        "answered": questions.answer_question,
        "aside": questions.dismiss_question,
    }
    return lambda: verbs[do](question=question, by=request.staff)


@require_safe
@merchant_view(Role.CLERK)
def inbox(request: MerchantRequest, room: str) -> HttpResponse:
    """The questions by product, and the lines that wait: what the page asks for on news."""
    found = _room(request, room)
    return render(request, "livestream/console/_inbox.html", inbox_context(request, found))


def inbox_context(request: MerchantRequest, found: Room) -> dict[str, Any]:
    """What `_inbox.html` needs."""
    groups = asked(found)
    return {
        "room": found,
        "groups": groups,
        "asked": sum(len(group.questions) for group in groups),
        "held_lines": waiting(found.pk),
        "paces": PACES,
        "now": timezone.now(),
    }


@require_safe
@merchant_view(Role.MANAGER)
def export(request: MerchantRequest, room: str) -> HttpResponse:
    """The whole chat of a room as CSV, with what was hidden and what waited."""
    found = _room(request, room)
    text = "".join(write_csv(as_table(found)))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = quote(f"{found.title}-{_('Chat')}.csv")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


@require_http_methods(["GET", "POST"])
@merchant_view(Role.MANAGER)
def lists(request: MerchantRequest) -> HttpResponse:
    """Blocked words, quick replies, and who is muted or banned."""
    form = ListsForm(request.POST if request.method == "POST" else None, shop=request.merchant)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _keep(request, form)
            except RuleBroken as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect("livestream:chat_lists", request.merchant.slug)
    rows = in_force(request.merchant.pk, timezone.now()).select_related("room", "by__user")
    context = {"form": form, "sanctions": rows[:200]}
    return render(request, "livestream/chat/lists.html", context, status=status)


@transaction.atomic
def _keep(request: MerchantRequest, form: ListsForm) -> None:
    """Both lists or neither."""
    set_words(merchant=request.merchant, words=form.lines("words"))
    set_quick_replies(merchant=request.merchant, texts=form.lines("replies"))


@require_POST
@merchant_view(Role.MANAGER)
def lift(request: MerchantRequest, sanction: int) -> HttpResponse:
    """She may speak again."""
    found = get_object_or_404(request.merchant.sanctions, pk=sanction)
    lift_sanction(sanction=found)
    messages.success(request, _("%(name)s may speak again.") % {"name": found.name})
    return redirect("livestream:chat_lists", request.merchant.slug)


def _room(request: MerchantRequest, public_id: str) -> Room:
    rooms = request.merchant.rooms.select_related("merchant", "host")
    return get_object_or_404(rooms, public_id=public_id)


def _number(request: MerchantRequest, name: str) -> int:
    """A row's number out of the form; 0, which no row has, for anything else."""
    wanted = request.POST.get(name, "")
    return int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0


def _message(request: MerchantRequest, found: Room) -> Message:
    rows = found.messages.select_related("room__merchant")
    return get_object_or_404(rows, pk=_number(request, "message"))


def _held(request: MerchantRequest, found: Room) -> HeldLine:
    rows = HeldLine.objects.select_related("room__merchant")
    return get_object_or_404(rows, room=found, pk=_number(request, "held"))
