"""The chat's tools over HTTP: what each answers, and what bad input gets."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from django.urls import reverse

from livestream.models import BlockedWord, Message, Question, Sanction
from livestream.rules.moderation import Measure
from livestream.selectors.moderation import forget_words
from livestream.services.chat import hide, pace, say
from livestream.services.line import Voice
from livestream.services.moderation import sanction


@pytest.fixture(autouse=True)
def _fresh_words():
    forget_words()


@pytest.fixture
def url(live) -> str:
    return reverse("livestream:console_chat", args=["tea", live.public_id])


@pytest.fixture
def line(live) -> Message:
    return say(room=live, voice=Voice("Dan", device=uuid.uuid4()), text="有货吗？")


def ask(client, url: str, **fields):
    return client.post(url, fields, headers={"Accept": "application/json"})


def test_a_line_is_pinned_and_taken_off_again(as_bob, url, line, live):
    assert ask(as_bob, url, do="pin", message=line.pk).status_code == 204
    live.refresh_from_db()
    assert live.pinned == "有货吗？"
    ask(as_bob, url, do="unpin")
    live.refresh_from_db()
    assert live.pinned == ""


def test_its_author_is_silenced(as_bob, url, line, live, host):
    answer = ask(as_bob, url, do="sanction", message=line.pk, measure="mute", minutes=5)
    assert answer.status_code == 204
    made = Sanction.objects.get()
    assert (made.device, made.by, made.room) == (line.device, host, live)


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "nothing"},
        {"do": "sanction", "measure": "hang"},
        {"do": "sanction", "measure": "mute", "minutes": "-1"},
        {"do": "sanction", "measure": "mute", "minutes": "１e9"},
        {"do": "pace", "slow_seconds": "99999"},
        {},
    ],
)
def test_an_odd_request_changes_nothing(as_bob, url, line, fields):
    assert ask(as_bob, url, message=line.pk, **fields).status_code == 422
    assert not Sanction.objects.exists()


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "", "１"])
@pytest.mark.parametrize("do", ["hide", "pin", "approve", "dismiss", "take", "sanction"])
def test_a_line_that_is_not_there_is_not_found(as_bob, url, live, do, number):
    fields = {"message": number, "held": number, "question": number, "measure": "ban"}
    assert ask(as_bob, url, do=do, **fields).status_code == 404


def test_a_refusal_brings_its_sentence(as_bob, url, line):
    answer = ask(as_bob, url, do="sanction", message=line.pk, measure="mute")
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_measure"
    assert answer.json()["sentence"]


def test_a_question_is_taken_by_one(as_bob, url, line, carol, client):
    question = Question.objects.get()
    assert ask(as_bob, url, do="take", question=question.pk).status_code == 204
    client.force_login(carol)
    answer = ask(client, url, do="answered", question=question.pk)
    assert answer.status_code == 409
    assert answer.json()["code"] == "question_taken"


def test_a_reply_of_the_shop_answers_the_question(live, line, host):
    ours = Voice("Bob", badge="host", staff_id=host.pk)
    say(room=live, voice=ours, text="还有 11 罐", reply_to=line.pk)
    question = Question.objects.get()
    assert (question.state, question.answered_by) == ("answered", host)


def test_the_inbox_shows_what_is_asked_and_what_waits(as_bob, live, line):
    pace(room=live, slow_seconds=0, holds_chat=True)
    say(room=live, voice=Voice("Eve", device=uuid.uuid4()), text="<b>cheap</b>")
    page = as_bob.get(reverse("livestream:console_inbox", args=["tea", live.public_id]))
    text = page.content.decode()
    assert "有货吗" in text
    assert "&lt;b&gt;cheap" in text


def test_the_whole_chat_is_a_sheet(as_alice, live, line):
    later = say(room=live, voice=Voice("Eve", device=uuid.uuid4()), text="=1+1")
    hide(message=later)
    answer = as_alice.get(reverse("livestream:chat_export", args=["tea", live.public_id]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[3] for row in rows[1:]] == ["有货吗？", "'=1+1"]
    assert rows[2][5]


def test_the_lists_are_kept(as_alice, shop):
    url = reverse("livestream:chat_lists", args=["tea"])
    assert (
        as_alice.post(url, {"words": "微信\n\n微 信\nvx", "replies": "明天发货"}).status_code == 302
    )
    assert set(BlockedWord.objects.values_list("word", flat=True)) == {"微信", "vx"}
    text = as_alice.get(url).content.decode()
    assert "明天发货" in text
    assert "微信" in text


def test_a_bad_list_keeps_what_was_typed(as_alice, shop):
    url = reverse("livestream:chat_lists", args=["tea"])
    answer = as_alice.post(url, {"words": "茶" * 41, "replies": "yes"})
    assert answer.status_code == 422
    assert "茶" * 41 in answer.content.decode()
    assert not shop.quick_replies.exists()


def test_a_measure_is_lifted(as_alice, line, host):
    made = sanction(line=line, measure=Measure.BAN, by=host)
    as_alice.post(reverse("livestream:sanction_lift", args=["tea", made.pk]))
    made.refresh_from_db()
    assert made.lifted_at is not None


def test_a_banned_guest_finds_the_room_closed_and_the_shop_open(client, live, host):
    client.get(f"/live/{live.public_id}/")
    device = uuid.UUID(client.session["device"])
    said = say(room=live, voice=Voice("Eve", device=device), text="buy elsewhere")
    sanction(line=said, measure=Measure.BAN, by=host)
    closed = client.get(f"/live/{live.public_id}/")
    assert closed.status_code == 403
    assert "/s/tea/" in closed.content.decode()
    assert client.get("/s/tea/").status_code == 200


def test_a_shadow_banned_guest_sees_his_own_lines_after_a_reload(client, live, host):
    client.get(f"/live/{live.public_id}/")
    device = uuid.UUID(client.session["device"])
    said = say(room=live, voice=Voice("Eve", device=device), text="one")
    sanction(line=said, measure=Measure.SHADOW, by=host)
    say(room=live, voice=Voice("Eve", device=device), text="nobody reads this")
    assert "nobody reads this" in client.get(f"/live/{live.public_id}/").content.decode()
    client.cookies.clear()
    assert "nobody reads this" not in client.get(f"/live/{live.public_id}/").content.decode()
