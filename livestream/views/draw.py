"""Draws: the sheet over the video, taking part, the prize, the page that proves it; the console."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.http.request import HttpRequest
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import trigger_client_event

from livestream.errors import DrawClosed, NicknameNeeded
from livestream.forms.draw import DrawForm, PrizeForm
from livestream.forms.room import NicknameForm
from livestream.models import Draw, HeldLine, Room
from livestream.rules.chat import clean
from livestream.rules.draw import DrawState, EntryBy
from livestream.rules.room import RoomState
from livestream.rules.trial import TrialKind
from livestream.selectors import draw as selector
from livestream.selectors.presence import watched
from livestream.services.chat import say
from livestream.services.draw import claim_prize, close_draw, draw_when_due, open_draw
from livestream.services.entry import enter, may_enter
from livestream.services.line import guest_voice
from livestream.services.trial import end_trial, try_draw
from livestream.views import console
from livestream.views.watch import sheet_or_page
from merchants.access import MerchantRequest, merchant_view
from merchants.device import customer_of, device_of, known_guest
from merchants.errors import RuleBroken
from merchants.pace import keep_pace
from merchants.rules.role import Role


@require_safe
def sheet(request: HttpRequest, room: str, draw: str) -> HttpResponse:
    """What there is to win, how, until when; later who won, and the winner's form."""
    return _sheet(request, _draw(room, draw))


@require_POST
def take_part(request: HttpRequest, room: str, draw: str) -> HttpResponse:
    """She wants to be in it. By a comment: the words are said in the chat for her."""
    shown = _draw(room, draw)
    more: dict[str, Any] = {}
    status = 200
    before = request.session.get("nickname", "")
    try:
        keep_pace(request, "draw")
        if shown.entry_by == EntryBy.COMMENT:
            more["waits"] = _say_the_words(request, shown)
        else:
            name = request.session.get("nickname", "")
            enter(draw=shown, customer=customer_of(request.session, shown.room.merchant), name=name)
    except RuleBroken as refusal:
        more["refusal"], status = str(refusal), refusal.status
    shown.refresh_from_db()
    answer = _sheet(request, shown, status=status, **more)
    if (name := request.session.get("nickname", "")) != before:  # the chat need not ask again
        trigger_client_event(answer, "nickname:taken", {"name": name})
    return answer


def _say_the_words(request: HttpRequest, shown: Draw) -> bool:
    """Whether they wait for approval. Raises DrawClosed, NicknameNeeded, or what the chat says."""
    guest = known_guest(request.session, shown.room.merchant)
    if selector.entry_of(shown, guest) is not None:
        return False
    if not shown.is_open or timezone.now() >= shown.closes_at:
        raise DrawClosed
    form = NicknameForm(request.POST)
    if "nickname" in request.POST and form.is_valid():
        request.session["nickname"] = clean(form.cleaned_data["nickname"])
    nickname = request.session.get("nickname", "")
    voice = guest_voice(shown.room, nickname, device_of(request.session))
    if voice is None:
        raise NicknameNeeded
    return isinstance(say(room=shown.room, voice=voice, text=shown.phrase), HeldLine)


@require_POST
def claim(request: HttpRequest, room: str, draw: str) -> HttpResponse:
    """The winner's address; only the device that won may leave one."""
    shown = _draw(room, draw)
    form = PrizeForm(request.POST)
    more: dict[str, Any] = {"form": form}
    status = 422
    if form.is_valid():
        try:
            keep_pace(request, "claim")
            guest = customer_of(request.session, shown.room.merchant)
            claim_prize(draw=shown, customer=guest, **form.contact())
            more, status = {}, 200
        except RuleBroken as refusal:
            more["refusal"], status = str(refusal), refusal.status
    return _sheet(request, shown, status=status, **more)


@require_safe
def page(request: HttpRequest, room: str, draw: str) -> HttpResponse:
    """The proof: what was promised, the frozen list, the numbers, and a button that recomputes."""
    shown = _draw(room, draw)
    return render(request, "livestream/draw/page.html", _context(request, shown))


@require_GET
def entries(request: HttpRequest, room: str, draw: str) -> HttpResponse:
    """The frozen list as text; there is none before the closing."""
    shown = _draw(room, draw)
    if shown.state == DrawState.OPEN:
        raise Http404
    answer = HttpResponse(selector.entries_text(shown), content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=3600"  # frozen: it never changes
    return answer


def _draw(room: str, public_id: str) -> Draw:
    rooms = Room.objects.public()
    draws = Draw.objects.select_related("room__merchant", "room__host").filter(room__in=rooms)
    return get_object_or_404(draws, room__public_id=room, public_id=public_id)


def _context(request: HttpRequest, shown: Draw) -> dict[str, Any]:
    guest = known_guest(request.session, shown.room.merchant)
    now = timezone.now()
    context = {
        "room": shown.room,
        "merchant": shown.room.merchant,
        "draw": shown,
        "open": shown.is_open and now < shown.closes_at,
        "entry": selector.entry_of(shown, guest),
        "won": selector.winners_of(shown) if shown.is_drawn else [],
        "public_chance": selector.is_public_chance(shown),
        "number_due": selector.number_due(shown),
        "number_page": selector.number_page(shown),
        "now": now,
    }
    if shown.entry_by == EntryBy.WATCH:
        context["watched"] = watched(shown.room, guest.device if guest else None)
    return context


def _sheet(request: HttpRequest, shown: Draw, *, status: int = 200, **more: Any) -> HttpResponse:
    context = _context(request, shown)
    guest = known_guest(request.session, shown.room.merchant)
    context["may_enter"] = guest is not None and may_enter(shown, guest)
    context["follows"] = selector.follows(shown.room.merchant, guest)
    context["nickname"] = request.session.get("nickname", "")
    context["form"] = PrizeForm()
    answer = sheet_or_page(request, "livestream/draw/_sheet.html", context | more, status=status)
    if entry := context["entry"]:  # the chip over the video changes its word
        mine = {"draw": shown.public_id, "handle": entry.handle}
        trigger_client_event(answer, "draw:mine", mine)
    return answer


# --- behind the counter ---------------------------------------------------------------------------


@require_POST
@merchant_view(Role.CLERK)
def console_draw(request: MerchantRequest, room: str) -> HttpResponse:
    """Open a draw, or close and draw one before its time."""
    found = get_object_or_404(
        request.merchant.rooms.select_related("merchant", "host"), public_id=room
    )
    rehearses = found.state == RoomState.REHEARSING
    if "draw" in request.POST and rehearses:
        key = request.POST["draw"]
        ends = partial(end_trial, room=found, kind=TrialKind.DRAW, key=key)
        return console._act(request, found, ends)
    if "draw" in request.POST:
        draws = found.draws.select_related("room__merchant")
        shown = get_object_or_404(draws, public_id=request.POST["draw"])
        return console._act(request, found, lambda: _draw_now(shown))
    form = DrawForm(request.POST, merchant=request.merchant)
    if not form.is_valid():
        return console._panels(request, found, status=422, draw_form=form)
    verb = try_draw if rehearses else open_draw
    return console._act(
        request,
        found,
        lambda: verb(room=found, by=request.staff, **form.cleaned_data),
        draw_form=form,
    )


def _draw_now(shown: Draw) -> None:
    """With a beacon it closes now and is drawn when its round has come: the sweep asks for it."""
    close_draw(draw=shown)
    if not shown.beacon:
        draw_when_due(draw=shown)
