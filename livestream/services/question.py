"""The verbs of the question inbox: fold, take, answer, put aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from livestream import broadcast
from livestream.errors import QuestionOver, QuestionTaken
from livestream.models import Message, Question, Room
from livestream.rules.question import HOLD_SECONDS, QuestionState, gist, is_question, is_same
from merchants.models import Staff

MOST_COMPARED = 200  # open questions that a new one is compared with


def fold_questions(*, room: Room, messages: Sequence[Message]) -> None:
    """Put what shoppers ask into the inbox, under what is being explained; one row for all who ask
    the same. Sets `question` on the messages, which are saved by the caller, in his transaction.
    """
    asking = [
        one
        for one in messages
        if one.staff_id is None and one.kind == "say" and not one.shadowed and is_question(one.text)
    ]
    if not asking:
        return
    item = room.spotlights.filter(closed_at=None).values_list("item", flat=True).first()
    open_ = list(
        room.questions.filter(item=item, state=QuestionState.OPEN).order_by("-pk")[:MOST_COMPARED]
    )
    for message in asking:
        message.question = _folded(room, item, message, open_)


def _folded(room: Room, item: int | None, message: Message, open_: list[Question]) -> Question:
    asked = gist(message.text)
    for question in open_:
        if is_same(question.folded, asked):
            Question.objects.filter(pk=question.pk).update(asked=F("asked") + 1)
            question.asked += 1
            break
    else:
        question = Question.objects.create(
            room=room, item_id=item, text=message.text, folded=asked[:300], asked_at=message.at
        )
        open_.insert(0, question)
    broadcast.question_changed(question)
    return question


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
