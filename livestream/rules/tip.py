"""The one hint over the camera, out of chat and numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MANY = 3  # who ask the same, or questions that wait, until it is worth a word


@dataclass(frozen=True)
class Moment:
    """The show as it is now. `asked` ask the most asked question about the item that is on."""

    item: str = ""
    seconds: int = 0
    planned: int | None = None  # minutes
    left: int | None = None
    low: bool = False
    asked: int = 0
    question: str = ""
    waiting: int = 0  # questions
    held: int = 0  # lines


@dataclass(frozen=True)
class Tip:
    """Which sentence, and what stands in it."""

    name: str
    item: str = ""
    count: int = 0
    minutes: int = 0
    text: str = ""


def tip(now: Moment) -> Tip | None:
    """What helps most: first what viewers run into, then what they ask, then the plan."""
    minutes = now.seconds // 60
    if now.item and now.left is not None and now.left <= 0:
        return Tip("sold_out", item=now.item)
    if now.held:
        return Tip("held", count=now.held)
    if now.item and now.asked >= MANY:
        return Tip("asked", item=now.item, count=now.asked, minutes=minutes, text=now.question)
    if now.item and now.planned and now.seconds >= (now.planned + 1) * 60:
        return Tip("over", item=now.item, minutes=minutes, count=now.planned)
    if now.waiting >= MANY:
        return Tip("waiting", count=now.waiting)
    if now.item and now.low and now.left:
        return Tip("low", item=now.item, count=now.left)
    return None
