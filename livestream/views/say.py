"""The chat as a page: before the scripts are there, or without them."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from livestream.errors import NicknameNeeded
from livestream.forms.room import SayForm
from livestream.models import HeldLine, Room
from livestream.selectors.chat import seen_from
from livestream.services.chat import say
from livestream.services.line import guest_voice
from livestream.views.watch import BANNED, is_banned, room_at
from merchants.device import device_of, known_guest
from merchants.errors import RuleBroken
from merchants.pace import keep_pace

LINES = 40


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, room: str) -> HttpResponse:
    """The last lines, and a field. What is said here is said in the room."""
    found = room_at(room)
    device = device_of(request.session)
    if is_banned(found, device, known_guest(request.session, found.merchant)):
        return render(request, BANNED, {"room": found}, status=403)
    if request.method == "POST":
        form, status = SayForm(_with_name(request)), 422
        if form.is_valid():
            try:
                waits = _say(request, found, form)
            except RuleBroken as refusal:
                form.add_error("text", str(refusal))
                status = refusal.status
            else:
                address = f"{request.path}?waits=1" if waits else request.path
                return redirect(f"{address}#say")
    else:
        nickname = request.session.get("nickname", "")
        form, status = SayForm(initial={"nickname": nickname, "key": uuid4()}), 200
    context = {"room": found, "merchant": found.merchant, "form": form}
    context |= {"chat": seen_from(found.pk, device, LINES), "waits": "waits" in request.GET}
    return render(request, "livestream/chat/page.html", context, status=status)


def _with_name(request: HttpRequest) -> dict[str, str]:
    """The fields of the form in the room have no name in them: she chose it before."""
    fields = {name: request.POST.get(name, "") for name in SayForm.base_fields}
    fields["nickname"] = fields["nickname"] or request.session.get("nickname", "")
    fields["key"] = fields["key"] or str(uuid4())
    return fields


def _say(request: HttpRequest, found: Room, form: SayForm) -> bool:
    """Say it; answers whether it waits for the shop's approval."""
    keep_pace(request, "say")
    nickname = form.cleaned_data["nickname"]
    voice = guest_voice(found, nickname, device_of(request.session))
    if voice is None:
        raise NicknameNeeded
    request.session["nickname"] = nickname
    line = {name: form.cleaned_data[name] for name in ("text", "key")}
    said = say(room=found, voice=voice, **line)
    return isinstance(said, HeldLine)
