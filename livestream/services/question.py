"""The verbs of the question inbox: fold, take, answer, put aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from livestream import broadcast
from livestream.errors import QuestionOver, QuestionTaken
from livestream.models import Message, Question, Room
from livestream.rules.question import HOLD_SECONDS, QuestionState, gist, is_question, is_same, pairs
from merchants.models import Staff

MOST_COMPARED = 200  # open questions that a new one is compared with


def fold_questions(*, room: Room, item: int | None, messages: Sequence[Message]) -> None:
    """Put what shoppers ask into the inbox, under the item that is being explained; one row for all
    who ask the same. Sets `question` on the messages; the caller saves them in his transaction.
    """
    asking = [
        one
        for one in messages
        if one.staff_id is None and one.kind == "say" and not one.shadowed and is_question(one.text)
    ]
    if not asking:
        return
    inbox = _Inbox(room, item, asking)
    for message in asking:
        inbox.add(message)
    inbox.save()


class _Inbox:
    """The open questions about one item while lines are folded into them: a few queries for all.

    The room's row is locked, so nobody else folds meanwhile.
    """

    def __init__(self, room: Room, item: int | None, asking: Sequence[Message]) -> None:
        self.room, self.item = room, item
        rows = room.questions.filter(item=item, state=QuestionState.OPEN)
        self.open = [(one, pairs(one.folded)) for one in rows.order_by("-pk")[:MOST_COMPARED]]
        devices = {message.device for message in asking if message.device}
        lines = Message.objects.filter(question__in=rows, device__in=devices)
        self.asked = set(lines.order_by().values_list("question", "device").distinct())
        self.fresh: dict[int, tuple[Question, list[Message]]] = {}
        self.more: dict[int, Question] = {}

    def add(self, message: Message) -> None:
        """Whoever repeats her question is counted once."""
        folded = gist(message.text)
        mine = pairs(folded)
        found = next((one for one, theirs in self.open if is_same(theirs, mine)), None)
        if found is None:
            found = Question(
                room=self.room,
                item_id=self.item,
                text=message.text,
                folded=folded,
                asked=0,
                asked_at=message.at,
            )
            self.open.insert(0, (found, mine))
            self.fresh[id(found)] = (found, [])
        who = (id(found) if found.pk is None else found.pk, message.device)
        if message.device is None or who not in self.asked:
            self.asked.add(who)
            found.asked += 1
        if found.pk is None:
            self.fresh[id(found)][1].append(message)
        else:
            message.question = found
            self.more[found.pk] = found

    def save(self) -> None:
        made = [question for question, _messages in self.fresh.values()]
        Question.objects.bulk_create(made)
        for question, messages in self.fresh.values():
            for message in messages:
                message.question = question
        Question.objects.bulk_update(self.more.values(), ["asked"])
        for question in [*made, *self.more.values()]:
            broadcast.question_changed(question)


def drop_unseen(*, message: Message) -> None:
    """A question all of whose lines were taken away needs no answer."""
    question = message.question
    if question is None or question.lines.filter(hidden=False).exists():
        return
    closed = Question.objects.filter(pk=question.pk, state=QuestionState.OPEN).update(
        state=QuestionState.DISMISSED.value
    )
    if closed:
        question.refresh_from_db()
        broadcast.question_changed(question)


@transaction.atomic
def take_question(*, question: Question, by: Staff) -> Question:
    """It is hers to answer for HOLD_SECONDS; colleagues see who answers.

    Raises QuestionTaken while a colleague has it, QuestionOver if it needs no answer any more.
    """
    now = timezone.now()
    free = Q(taken_until=None) | Q(taken_until__lte=now) | Q(taken_by=by)
    taken = Question.objects.filter(free, pk=question.pk, state=QuestionState.OPEN).update(
        taken_by=by, taken_until=now + timedelta(seconds=HOLD_SECONDS)
    )
    question.refresh_from_db()
    if not taken:
        raise QuestionTaken if question.state == QuestionState.OPEN else QuestionOver
    broadcast.question_changed(question)
    return question


@transaction.atomic
def leave_question(*, question: Question, by: Staff) -> Question:
    """She answers it not after all; nothing happens if it was not hers."""
    mine = Question.objects.filter(pk=question.pk, state=QuestionState.OPEN, taken_by=by)
    left = mine.update(taken_by=None, taken_until=None)
    question.refresh_from_db()
    if left:
        broadcast.question_changed(question)
    return question


def answer_question(*, question: Question, by: Staff) -> Question:
    """It has been answered, aloud or in the chat. Raises as `take_question`."""
    return _close(question, by, QuestionState.ANSWERED)


def answer_by_reply(*, messages: Sequence[Message]) -> None:
    """What the shop replied to in the chat is answered, unless a colleague has it in hand."""
    for message in messages:
        asked = message.reply_to.question if message.reply_to else None
        if asked is not None and message.staff is not None:
            with suppress(QuestionTaken, QuestionOver):
                answer_question(question=asked, by=message.staff)


def dismiss_question(*, question: Question, by: Staff) -> Question:
    """It needs no answer. Raises as `take_question`."""
    return _close(question, by, QuestionState.DISMISSED)


@transaction.atomic
def _close(question: Question, by: Staff, state: QuestionState) -> Question:
    now: datetime = timezone.now()
    free = Q(taken_until=None) | Q(taken_until__lte=now) | Q(taken_by=by)
    closed = Question.objects.filter(free, pk=question.pk, state=QuestionState.OPEN).update(
        state=state.value, answered_by=by, answered_at=now, taken_by=None, taken_until=None
    )
    question.refresh_from_db()
    if not closed:
        raise QuestionTaken if question.state == QuestionState.OPEN else QuestionOver
    broadcast.question_changed(question)
    return question
