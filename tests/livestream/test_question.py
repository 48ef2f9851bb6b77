"""The question inbox: what asks, what asks the same, and who answers."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from livestream.errors import QuestionOver, QuestionTaken
from livestream.models import Question
from livestream.rules.question import QuestionState, gist, is_question, is_same, pairs
from livestream.services.chat import hide, say
from livestream.services.line import Voice
from livestream.services.question import (
    answer_question,
    dismiss_question,
    leave_question,
    take_question,
)
from livestream.services.shelf import show_next
from merchants.models import Staff


def guest(name: str = "Dan") -> Voice:
    return Voice(name, device=uuid.uuid4())


@pytest.fixture
def assistant(shop, carol) -> Staff:
    return Staff.objects.get(merchant=shop, user=carol)


@pytest.fixture
def question(live) -> Question:
    say(room=live, voice=guest(), text="这个龙井是哪天采的？")
    return Question.objects.get()


@pytest.mark.parametrize(
    "line",
    [
        "有货吗",
        "多少钱",
        "这个怎么泡?",
        "紫砂壶能不能开发票",
        "How long does it keep",
        "盖碗有大一号的吗？",
    ],
)
def test_it_is_a_question(line):
    assert is_question(line)


@pytest.mark.parametrize("line", ["好喝", "券领到了", "拍了两罐，送我妈的", "Nice tea", "买了"])
def test_it_is_none(line):
    assert not is_question(line)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("请问有货吗？", "有货么"),
        ("主播，这个龙井是哪天采的呀？", "龙井是哪天采的"),
        ("Ｈow much is it?", "how much is it"),
        ("能开发票吗", "能不能开发票"),
        ("芳姐,这个龙井哪天采的", "这个龙井是哪天采的？"),
    ],
)
def test_they_ask_the_same(one, other):
    assert is_same(pairs(gist(one)), pairs(gist(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("有货吗", "多少钱"), ("紫砂壶多大", "盖碗多大"), ("什么时候发货", "什么时候采的")],
)
def test_they_do_not(one, other):
    assert not is_same(pairs(gist(one)), pairs(gist(other)))


def test_the_same_question_is_one_row(live):
    for text in ("有货吗？", "请问有货么", "多少钱", "好喝"):
        say(room=live, voice=guest(), text=text)
    assert sorted(live.questions.values_list("asked", flat=True)) == [1, 2]
    assert live.messages.exclude(question=None).count() == 3


def test_it_lies_under_what_was_explained(live, longjing, cup):
    show_next(room=live)
    say(room=live, voice=guest(), text="有货吗")
    show_next(room=live)
    say(room=live, voice=guest(), text="有货吗")
    asked = live.questions.values_list("item__product__name", "asked")
    assert sorted(asked) == sorted([(longjing.name, 1), (cup.name, 1)])


def test_staff_ask_nothing(live, host):
    say(room=live, voice=Voice("Bob", badge="host", staff_id=host.pk), text="还有问题吗？")
    assert not live.questions.exists()


def test_one_colleague_has_it(question, host, assistant):
    take_question(question=question, by=host)
    with pytest.raises(QuestionTaken):
        take_question(question=question, by=assistant)
    with pytest.raises(QuestionTaken):
        answer_question(question=question, by=assistant)
    assert take_question(question=question, by=host).taken_by == host


def test_it_is_free_again_when_she_forgets_it(question, host, assistant):
    take_question(question=question, by=host)
    Question.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
    assert take_question(question=question, by=assistant).taken_by == assistant


def test_it_is_free_again_when_she_leaves_it(question, host, assistant):
    take_question(question=question, by=host)
    leave_question(question=question, by=assistant)  # not hers to leave
    question.refresh_from_db()
    assert question.taken_by == host
    leave_question(question=question, by=host)
    assert take_question(question=question, by=assistant).taken_by == assistant


def test_an_answered_one_is_over(question, host, assistant):
    assert answer_question(question=question, by=host).state == QuestionState.ANSWERED
    for verb in (take_question, answer_question, dismiss_question):
        with pytest.raises(QuestionOver):
            verb(question=question, by=assistant)


def test_asked_again_after_the_answer_it_is_a_new_one(live, question, host):
    dismiss_question(question=question, by=host)
    say(room=live, voice=guest("Eve"), text="龙井是哪天采的")
    assert live.questions.filter(state="open").count() == 1


def test_a_question_whose_every_line_was_taken_away_waits_for_nobody(live, question, host):
    say(room=live, voice=guest("Mei"), text="龙井是哪天采的呀？")
    first, second = question.lines.order_by("pk")
    hide(message=first)
    question.refresh_from_db()
    assert question.state == QuestionState.OPEN  # somebody still asks
    hide(message=second)
    question.refresh_from_db()
    assert question.state == QuestionState.DISMISSED
    with pytest.raises(QuestionOver):
        take_question(question=question, by=host)
