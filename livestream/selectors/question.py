"""The question inbox as the console shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import OuterRef, Subquery

from livestream.models import Message, Question, Room, ShelfItem
from livestream.rules.question import QuestionState

MOST = 200  # open questions that are shown


@dataclass
class Group:
    """What is asked about one item of the shelf, the most asked first."""

    item: ShelfItem | None
    questions: list[Question] = field(default_factory=list)


def inbox(room: Room) -> list[Group]:
    """The open questions by product, in the order of the shelf; what is about none comes last.

    Each with the `line` that asked first, and the `name` of its author.
    """
    rows = room.questions.filter(state=QuestionState.OPEN)
    lines = Message.objects.filter(question=OuterRef("pk"), hidden=False).order_by("pk")
    rows = rows.annotate(line=Subquery(lines.values("pk")[:1]))
    rows = rows.annotate(name=Subquery(lines.values("author_name")[:1]))
    rows = rows.select_related("item__product", "taken_by").order_by("-asked", "pk")[:MOST]
    groups: dict[int | None, Group] = {}
    for question in rows:
        groups.setdefault(question.item_id, Group(question.item)).questions.append(question)
    return sorted(groups.values(), key=_place)


def _place(group: Group) -> tuple[bool, int]:
    return (group.item is None, group.item.position if group.item else 0)
