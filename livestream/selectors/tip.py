"""What the hint over the camera is made of."""

from __future__ import annotations

from datetime import datetime

from livestream.models import HeldLine, Room
from livestream.rules.question import QuestionState
from livestream.rules.tip import Moment, Tip, tip
from livestream.selectors.rehearsal import Scene
from livestream.selectors.runsheet import Prompt


def tip_of(room: Room, prompt: Prompt, scene: Scene | None, now: datetime) -> Tip | None:
    """The hint of this moment; none while nobody is there."""
    if not room.is_on_air and scene is None:
        return None
    card = prompt.current
    item = card.item.pk if card else None
    asked, question, waiting, held = _played(scene) if scene else _asked(room, item)
    if card is None or prompt.since is None:
        return tip(Moment(waiting=waiting, held=held))
    return tip(
        Moment(
            item=card.product.name,
            seconds=int((now - prompt.since).total_seconds()),
            planned=card.item.minutes,
            left=card.left,
            low=card.low,
            asked=asked,
            question=question,
            waiting=waiting,
            held=held,
        )
    )


def _asked(room: Room, item: int | None) -> tuple[int, str, int, int]:
    open_ = room.questions.filter(state=QuestionState.OPEN)
    most = open_.filter(item=item).order_by("-asked", "pk").values_list("asked", "text").first()
    held = HeldLine.objects.filter(room=room, judged_at=None).count()
    return (*(most or (0, "")), open_.count(), held)


def _played(scene: Scene) -> tuple[int, str, int, int]:
    inbox = scene.inbox()
    return 0, "", inbox["asked"], len(inbox["held_lines"])
