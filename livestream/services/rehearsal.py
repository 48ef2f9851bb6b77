"""The verbs of a rehearsal: begin it, play in it, end and judge it.

While it runs it writes one row of its own and nothing else (docs/adr/0012-rehearsal.md): the crowd
is computed, and what the crew does lies in `findings`. At the end only what is to mend remains.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from livestream import broadcast
from livestream.errors import ForeignProduct, WrongState
from livestream.models import Rehearsal, Room
from livestream.rules.crowd import Kind
from livestream.rules.readiness import is_whole, judge, score
from livestream.rules.rehearsal import Play
from livestream.rules.room import RoomState
from livestream.selectors.rehearsal import Scene, goods_of
from livestream.selectors.room import on_shelf
from livestream.services.room import rehearse_room, stop_rehearsal
from merchants.models import Staff

logger = logging.getLogger(__name__)
Act = Callable[[Play, Scene], None]


@transaction.atomic
def begin_rehearsal(*, room: Room, by: Staff | None = None) -> Rehearsal:
    """The console as in the show, with a crowd that nobody else sees. Raises WrongState,
    NotShowing."""
    rehearse_room(room=room, by=by)
    now = timezone.now()
    for left in room.rehearsals.filter(ended_at=None):
        _close(left, now)
    return Rehearsal.objects.create(room=room, by=by, started_at=now, findings={"play": {}})


@transaction.atomic
def end_rehearsal(*, room: Room, by: Staff | None = None) -> Rehearsal | None:
    """Back to what the room was, and the judgement: what is ready and what to mend."""
    stop_rehearsal(room=room, by=by)
    rehearsal = room.rehearsals.select_for_update().filter(ended_at=None).first()
    if rehearsal is not None:
        _close(rehearsal, timezone.now())
    return rehearsal


def close_left_rehearsals(now: datetime) -> None:
    """Judge the rehearsals whose room has moved on without them."""
    left = Rehearsal.objects.filter(ended_at=None).exclude(room__state=RoomState.REHEARSING)
    for rehearsal in left.select_related("room__merchant"):
        try:
            with transaction.atomic():
                _close(rehearsal, now)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("rehearsal %s could not be judged", rehearsal.pk)


def _close(rehearsal: Rehearsal, now: datetime) -> None:
    """Judge it, and forget everything that was played."""
    scene = Scene(rehearsal.room, rehearsal, now)
    found = judge(
        play=scene.play,
        acts=scene.acts,
        goods=goods_of(rehearsal.room),
        spam=scene.unwanted(),
        elapsed=scene.elapsed,
    )
    rehearsal.ended_at = now
    rehearsal.score = score(found)
    rehearsal.findings = {
        "found": [asdict(one) for one in found],
        "whole": is_whole(scene.elapsed),
    }
    rehearsal.save(update_fields=["ended_at", "score", "findings"])


@transaction.atomic
def play(*, room: Room, act: Act, quiet: bool = False) -> Scene:
    """Do something in the rehearsal that is on; the shop's other devices look again.

    Raises WrongState if there is none. `quiet`: nobody needs to look.
    """
    rows = room.rehearsals.select_for_update(of=("self",)).filter(
        ended_at=None, room__state=RoomState.REHEARSING
    )
    rehearsal = rows.first()
    if rehearsal is None:
        room.refresh_from_db(fields=["state"])
        raise WrongState
    scene = Scene(room, rehearsal, timezone.now())
    act(scene.play, scene)
    rehearsal.findings = {"play": scene.play.kept()}
    rehearsal.save(update_fields=["findings"])
    if not quiet:
        broadcast.rehearsal_changed(room)
    return Scene(room, rehearsal, scene.now)


def show_in_rehearsal(*, room: Room, item: int | None) -> None:
    """Explain an item, or nothing. Raises ForeignProduct for what does not stand on the shelf."""
    if item is not None and not on_shelf(room).filter(pk=item).exists():
        raise ForeignProduct
    play(room=room, act=lambda played, scene: played.show(item, scene.elapsed))


def next_in_rehearsal(*, room: Room, seen: int | None) -> None:
    """Done with this one; after the last, nothing. Pressed twice on a slow line, it moves once."""

    def act(played: Play, scene: Scene) -> None:
        now = played.on_now()
        if seen is not None and seen != (now or 0):
            return
        order = list(on_shelf(room).values_list("pk", flat=True))
        place = order.index(now) + 1 if now in order else 0
        played.show(order[place] if place < len(order) else None, scene.elapsed)

    play(room=room, act=act)


# --- what the crew may do about the crowd ---------------------------------------------------------


def came_back(seconds: float) -> Act:
    """The picture was away for so long when the line was cut; before that it means nothing."""

    def act(played: Play, scene: Scene) -> None:
        if any(one.kind is Kind.CUT for one in scene.acts):
            played.back = seconds

    return act


def hide(played: Play, scene: Scene, line: int) -> None:
    """Take a line of the crowd back, once."""
    if line not in played.hidden and any(act.key == line for act in scene.acts):
        played.hidden.append(line)


def silence(played: Play, scene: Scene, line: int) -> None:
    """Who wrote this line writes no more, and what he wrote goes: it was an advert, or as bad."""
    author = next((act.who for act in scene.acts if act.key == line), "")
    if author:
        played.silenced.setdefault(author, scene.elapsed)
        for act in scene.acts:
            if act.who == author:
                hide(played, scene, act.key)


def judge_line(played: Play, scene: Scene, line: int, *, approved: bool) -> None:
    """A held line waits no more; the first judgement counts."""
    if line in scene.held and line not in played.judged:
        played.judged.append(line)
        if approved:
            played.approved.append(line)


def unpin(played: Play, _scene: Scene) -> None:
    """Nothing stands above the chat any more."""
    played.pinned = ""


def close_topic(played: Play, scene: Scene, topic: int, *, aside: bool) -> None:
    """A question was answered aloud, or put aside."""
    if not any(act.topic == topic for act in scene.acts) or not played.is_open(topic):
        return
    if aside:
        played.aside.append(topic)
    else:
        played.answer(topic, scene.elapsed)
