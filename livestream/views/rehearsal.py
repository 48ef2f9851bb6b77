"""The rehearsal behind the console's screens: its crowd, its chat, its measurements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from livestream.forms.rehearsal import BackForm, SampleForm, SayForm
from livestream.models import Room
from livestream.rules.rehearsal import Play
from livestream.selectors.rehearsal import BASE, Scene, scene_of
from livestream.services.rehearsal import (
    Act,
    came_back,
    close_topic,
    hide,
    judge_line,
    next_in_rehearsal,
    play,
    show_in_rehearsal,
    silence,
    unpin,
)
from livestream.services.trial import pin_line
from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.rules.role import Role
from merchants.rules.search import key_of


@require_safe
@merchant_view(Role.CLERK)
def crowd(request: MerchantRequest, room: str) -> HttpResponse:
    """What the crowd did after a key. Every console asks for itself: it is on no wire."""
    scene = scene_of(_room(request, room), timezone.now())
    if scene is None:
        return JsonResponse({"events": [], "over": True})
    after = key_of(request.GET.get("after", ""))
    key = round(scene.elapsed * 1000)
    return JsonResponse({"events": scene.events(after), "key": key, "left": scene.left})


@require_safe
@merchant_view(Role.CLERK)
def inbox(request: MerchantRequest, room: str) -> HttpResponse:
    """Simulated questions and held lines, in the panel of the real ones."""
    found = _room(request, room)
    context = inbox_of(scene_of(found, timezone.now()))
    return render(request, "livestream/console/_inbox.html", {"room": found, **context})


def inbox_of(scene: Scene | None) -> dict[str, Any]:
    """What `_inbox.html` needs."""
    empty: dict[str, Any] = {"groups": [], "asked": 0, "held_lines": []}
    return {**(scene.inbox() if scene else empty), "now": timezone.now()}


@require_POST
@merchant_view(Role.CLERK)
def measure(request: MerchantRequest, room: str) -> HttpResponse:
    """How picture, sound and uplink are; or how long the picture was away."""
    found = _room(request, room)
    if "back" in request.POST:
        back = BackForm(request.POST)
        return _do(found, came_back(back.cleaned_data["back"]) if back.is_valid() else None)
    form = SampleForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    sample = form.sample()
    return _do(found, lambda played, scene: played.measure(sample), quiet=True)


@require_POST
@merchant_view(Role.CLERK)
def chat(request: MerchantRequest, room: str) -> HttpResponse:
    """What the crew does in the chat of a rehearsal: it says, hides, silences, answers."""
    found = _room(request, room)
    if request.POST.get("do") == "say":
        return _say(request, found)
    return _do(found, _act_of(request))


def _say(request: MerchantRequest, found: Room) -> HttpResponse:
    form = SayForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    staff = request.staff
    badge = "host" if staff.pk == found.host_id else "staff"
    reply = _key(request, "reply_to")

    def act(played: Play, scene: Scene) -> None:
        answered = next((one for one in scene.acts if one.key == reply), None)
        said = {"name": staff.host_name, "badge": badge, "text": form.cleaned_data["text"]}
        played.say(**said, reply=reply, at=round(scene.elapsed, 3))
        if answered is not None and answered.topic:
            played.answer(answered.topic, scene.elapsed)

    try:
        scene = play(room=found, act=act)
    except RuleBroken as refusal:
        sentence = {"code": refusal.code, "sentence": str(refusal)}
        return JsonResponse(sentence, status=refusal.status)
    return JsonResponse({"events": scene.said(0)[-1:]})


def _act_of(request: MerchantRequest) -> Act | None:
    """What was asked for; None for an odd request, or for what a rehearsal has no use of."""
    line = _key(request, "message") or _key(request, "held")
    topic = key_of(request.POST.get("question", ""))
    match request.POST.get("do"):
        case "hide" if line:
            return lambda played, scene: hide(played, scene, line)
        case "sanction" if line:
            return lambda played, scene: silence(played, scene, line)
        case "approve" | "dismiss" as do if line:
            return lambda played, scene: judge_line(played, scene, line, approved=do == "approve")
        case "answered" if topic:
            return lambda played, scene: close_topic(played, scene, topic, aside=False)
        case "aside" if topic:
            return lambda played, scene: close_topic(played, scene, topic, aside=True)
        case "pin" if line:
            return lambda played, scene: pin_line(played, scene, line)
        case "unpin":
            return unpin
        case "take" | "leave" | "mute" | "unmute" | "pace":
            return lambda played, scene: None
    return None


def _do(found: Room, act: Act | None, *, quiet: bool = False) -> HttpResponse:
    if act is None:
        return HttpResponse(status=422)
    try:
        play(room=found, act=act, quiet=quiet)
    except RuleBroken as refusal:
        sentence = {"code": refusal.code, "sentence": str(refusal)}
        return JsonResponse(sentence, status=refusal.status)
    return HttpResponse(status=204)


def spotlight_verb(request: MerchantRequest, found: Room) -> Callable[[], Any]:
    """What the buttons of the spotlight do in a rehearsal."""
    match request.POST.get("do"):
        case "next":
            seen = request.POST.get("seen", "")
            was_on = key_of(seen) if seen.isdecimal() else None
            return lambda: next_in_rehearsal(room=found, seen=was_on)
        case "hide":
            return lambda: show_in_rehearsal(room=found, item=None)
    item = key_of(request.POST.get("item", ""))
    return lambda: show_in_rehearsal(room=found, item=item)


def _key(request: MerchantRequest, name: str) -> int | None:
    """The key of a line out of the id that the page knows it by."""
    number = key_of(request.POST.get(name, ""))
    return number - BASE if number > BASE else None


def _room(request: MerchantRequest, public_id: str) -> Room:
    rooms = request.merchant.rooms.select_related("merchant", "host")
    return get_object_or_404(rooms, public_id=public_id)
