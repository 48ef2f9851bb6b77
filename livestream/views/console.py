"""The console: a room from behind the counter. Its buttons answer with the panel they changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from livestream.forms.draw import DrawForm
from livestream.forms.flash import FlashForm
from livestream.forms.room import DropForm, NoticeForm
from livestream.models import Replay, Room
from livestream.rules.room import RoomState
from livestream.rules.trial import TrialKind
from livestream.selectors import console as numbers
from livestream.selectors.chat import seen_by_staff
from livestream.selectors.draw import at_the_counter
from livestream.selectors.flash import announced
from livestream.selectors.picture import is_by_app
from livestream.selectors.rehearsal import latest, scene_of
from livestream.selectors.room import open_drops, shelf_mark, staffed_shelf
from livestream.selectors.runsheet import plan_of, prompt, spots_of
from livestream.selectors.tip import tip_of
from livestream.services import chat
from livestream.services import room as rooms
from livestream.services.crew import hand_over, helps, shows
from livestream.services.drop import open_drop, withdraw_drop
from livestream.services.flash import announce_flash, close_flash
from livestream.services.rehearsal import begin_rehearsal, end_rehearsal
from livestream.services.replay import film_comes, has_film
from livestream.services.shelf import hide_item, show_item, show_next
from livestream.services.trial import end_trial, try_drop, try_flash, try_notice
from livestream.views.rehearsal import inbox_of, spotlight_verb
from livestream.views.share import own_poster
from livestream.views.talk import inbox_context
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.qr import square
from merchants.rules.role import Role


@require_safe
@ensure_csrf_cookie
@merchant_view(Role.CLERK)
def console(request: MerchantRequest, room: str) -> HttpResponse:
    found = _room(request, room)
    context = _context(request, found)
    context["chat"] = seen_by_staff(found.pk, 60)
    context |= inbox_context(request, found)
    if context["scene"]:
        context |= inbox_of(context["scene"])
    context["rehearsal"] = latest(found)
    context["quick_replies"] = found.merchant.quick_replies.all()
    context["may_show"] = shows(found, request.staff)
    context["by_app"] = is_by_app(found)
    # A manager who was asked to help sees the show as any assistant; her camera is one press away.
    context["films"] = context["may_show"] and (
        "camera" in request.GET or not helps(found, request.staff)
    )
    context["colleagues"] = found.merchant.staff.exclude(pk=found.host_id or 0).order_by("pk")
    address = request.build_absolute_uri(reverse("watch:room", args=[found.public_id]))
    context["share"] = square(address)
    context |= own_poster(found, request.staff)
    context["devices"] = [
        (name, square(request.build_absolute_uri(_named(request, found, name))))
        for name in ("prompter", "helper", "wall")
    ]
    context |= _remains(found)
    return render(request, "livestream/console/page.html", context)


@require_safe
@merchant_view(Role.CLERK)
def panels(request: MerchantRequest, room: str) -> HttpResponse:
    """Shelf, tools and numbers as they are now; news on the socket makes the page ask."""
    return _panels(request, _room(request, room))


@require_safe
@merchant_view(Role.CLERK)
def over(request: MerchantRequest, room: str) -> HttpResponse:
    """What remains of a show that is over, as far as it is there."""
    found = _room(request, room)
    context = {"room": found, "may_show": shows(found, request.staff), **_remains(found)}
    return render(request, "livestream/console/_over.html", context)


@require_POST
@merchant_view(Role.CLERK)
def move(request: MerchantRequest, room: str) -> HttpResponse:
    """Rehearse, start, pause, resume or end the show: for those who show it."""
    found = _room(request, room)
    verbs: dict[str, Callable[..., Any]] = {
        "rehearse": begin_rehearsal,
        "stop": end_rehearsal,
        "start": rooms.start_room,
        "pause": rooms.pause_room,
        "resume": rooms.resume_room,
        "end": rooms.end_room,
    }
    verb = verbs.get(request.POST.get("do", ""))
    if verb is None:
        return HttpResponse(status=422)
    judged = "#readiness" if verb is end_rehearsal else ""
    return _act(
        request, found, lambda: verb(room=found, by=request.staff), reload=True, place=judged
    )


@require_POST
@merchant_view(Role.CLERK)
def handover(request: MerchantRequest, room: str) -> HttpResponse:
    """Another colleague is the host from now on."""
    found = _room(request, room)
    wanted = request.POST.get("to", "")
    if not (wanted.isdecimal() and len(wanted) < 19):
        return HttpResponse(status=422)
    to = get_object_or_404(request.merchant.staff, pk=wanted)
    return _act(request, found, lambda: hand_over(room=found, to=to, by=request.staff))


@require_POST
@merchant_view(Role.CLERK)
def spotlight(request: MerchantRequest, room: str) -> HttpResponse:
    """Explain an item, the next one, or nothing."""
    found = _room(request, room)
    if found.state == RoomState.REHEARSING:
        return _act(request, found, spotlight_verb(request, found))
    match request.POST.get("do"):
        case "next":
            seen = request.POST.get("seen", "")
            was_on = int(seen) if seen.isdecimal() and len(seen) < 19 else None
            return _act(request, found, lambda: show_next(room=found, seen=was_on))
        case "hide":
            return _act(request, found, lambda: hide_item(room=found))
    wanted = request.POST.get("item", "")
    if not (wanted.isdecimal() and len(wanted) < 19):
        return HttpResponse(status=422)
    item = get_object_or_404(found.items, pk=wanted)
    return _act(request, found, lambda: show_item(room=found, item=item))


@require_POST
@merchant_view(Role.CLERK)
def drop(request: MerchantRequest, room: str) -> HttpResponse:
    """Drop a coupon into the room, or take it back."""
    found = _room(request, room)
    rehearses = found.state == RoomState.REHEARSING
    if "withdraw" in request.POST and rehearses:
        key = request.POST["withdraw"]
        ends = partial(end_trial, room=found, kind=TrialKind.DROP, key=key)
        return _act(request, found, ends)
    if "withdraw" in request.POST:
        offer = get_object_or_404(
            found.drops.select_related("room"), public_id=request.POST["withdraw"]
        )
        return _act(request, found, lambda: withdraw_drop(drop=offer))
    form = DropForm(request.POST, merchant=request.merchant)
    if not form.is_valid():
        return _panels(request, found, status=422, drop_form=form)
    verb = try_drop if rehearses else open_drop
    return _act(request, found, lambda: verb(room=found, **form.cleaned_data), drop_form=form)


@require_POST
@merchant_view(Role.CLERK)
def flash(request: MerchantRequest, room: str) -> HttpResponse:
    """Announce a flash sale, or end one early."""
    found = _room(request, room)
    rehearses = found.state == RoomState.REHEARSING
    if "close" in request.POST and rehearses:
        key = request.POST["close"]
        ends = partial(end_trial, room=found, kind=TrialKind.FLASH, key=key)
        return _act(request, found, ends)
    if "close" in request.POST:
        sales = found.flash_sales.select_related("room__merchant")
        sale = get_object_or_404(sales, public_id=request.POST["close"])
        return _act(request, found, lambda: close_flash(sale=sale))
    form = FlashForm(request.POST, room=found)
    if not form.is_valid():
        return _panels(request, found, status=422, flash_form=form)
    verb = try_flash if rehearses else announce_flash
    return _act(request, found, lambda: verb(room=found, **form.sale()), flash_form=form)


@require_POST
@merchant_view(Role.CLERK)
def notice(request: MerchantRequest, room: str) -> HttpResponse:
    """Pin a line above the chat, an empty one takes it away; or announce it once in the chat."""
    found = _room(request, room)
    form = NoticeForm(request.POST)
    if not form.is_valid():
        return _panels(request, found, status=422, notice_form=form)
    announces = request.POST.get("do") == "announce"
    verb: Callable[..., Any] = chat.give_notice if announces else chat.pin
    if found.state == RoomState.REHEARSING:
        verb = partial(try_notice, announce=announces)
    return _act(request, found, lambda: verb(room=found, **form.cleaned_data), notice_form=form)


def _remains(room: Room) -> dict[str, Any]:
    """The replay, and whether its film is there or comes."""
    replay = Replay.objects.filter(room=room).first() if room.is_over else None
    comes = film_comes(replay, timezone.now())
    return {"replay": replay, "has_film": has_film(room), "film_comes": comes}


def _named(request: MerchantRequest, room: Room, name: str) -> str:
    return reverse(f"livestream:{name}", args=[request.merchant.slug, room.public_id])


def _room(request: MerchantRequest, public_id: str) -> Room:
    return get_object_or_404(
        request.merchant.rooms.select_related("merchant", "host"), public_id=public_id
    )


def _context(request: MerchantRequest, room: Room) -> dict[str, Any]:
    now = timezone.now()
    scene = scene_of(room, now)
    cards, spots = (scene.cards, scene.spots) if scene else (staffed_shelf(room), spots_of(room))
    current = next((card for card in cards if card.on_now), None)
    prompted = prompt(cards, spots)
    return {
        "room": room,
        "scene": scene,
        "cards": cards,
        "shelf_mark": shelf_mark(room, cards),
        "current": current,
        "pieces": numbers.pieces(room, current.product) if current else None,
        "prompt": prompted,
        "tip": tip_of(room, prompted, scene, now),
        "plan": plan_of(room, cards, spots, now),
        "drops": open_drops(room),
        "drop_form": DropForm(merchant=request.merchant),
        "flash_form": FlashForm(room=room),
        "flash_sales": announced(room, now),
        "draw_form": DrawForm.filled(room.merchant),
        **at_the_counter(room),
        "notice_form": NoticeForm(initial={"text": scene.play.pinned if scene else room.pinned}),
        "now": now,
        **numbers.figures(room, request.staff),
        **(scene.panels() if scene else {}),
    }


def _panels(request: MerchantRequest, room: Room, status: int = 200, **more: Any) -> HttpResponse:
    context = {**_context(request, room), **more}
    context["same_shelf"] = request.GET.get("shelf") == context["shelf_mark"]
    context["shelf_alone"] = request.GET.get("only") == "shelf"  # what a helper's page shows
    return render(request, "livestream/console/_panels.html", context, status=status)


def _act(
    request: MerchantRequest,
    room: Room,
    verb: Callable[[], Any],
    *,
    reload: bool = False,
    place: str = "",
    **filled: Form,
) -> HttpResponse:
    """Do it, then answer with the panels; a refusal is a sentence in them and changes nothing.

    The form of a tool that was `filled` in stays open then, with the sentence and what was typed.
    """
    rehearses = room.state == RoomState.REHEARSING
    try:
        verb()
    except RuleBroken as refusal:
        if not (filled and (room.is_on_air or rehearses)):
            return _panels(request, room, status=refusal.status, refusal=str(refusal))
        for form in filled.values():
            form.add_error(None, str(refusal))
        return _panels(request, room, status=refusal.status, **filled)
    if not request.htmx:
        return redirect(_named(request, room, "console") + place)
    if reload:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return _panels(request, room)
