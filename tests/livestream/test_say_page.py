"""Talking without scripts: a page with the last lines and a field, and the forms of the room."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from livestream.models import HeldLine, Message, Room
from livestream.rules.moderation import Measure
from livestream.services.moderation import sanction
from merchants.device import device_of


@pytest.fixture
def mei() -> Client:
    return Client(headers={"Accept-Language": "en"})


def path(room: Room) -> str:
    return f"/live/{room.public_id}/say/"


def lines() -> list[tuple[str, str]]:
    return list(Message.objects.filter(kind="say").values_list("author_name", "text"))


def test_the_room_can_be_talked_in_without_scripts(live, mei):
    page = mei.get(f"/live/{live.public_id}/").content.decode()
    assert f'href="{path(live)}"' in page  # the bar of a phone
    form = re.search(r'<form[^>]*data-chat-form[^>]*action="([^"]+)"', page)
    assert form
    assert form.group(1) == path(live)
    asked = mei.post(path(live), {"text": "Is the green one still there?"})
    assert asked.status_code == 422
    assert "A nickname is enough to talk" in asked.content.decode()
    assert "Is the green one still there?" in asked.content.decode()  # nothing is lost
    said = mei.post(path(live), {"text": "Is the green one still there?", "nickname": "沈梅"})
    assert said.status_code == 302
    assert lines() == [("沈梅", "Is the green one still there?")]
    assert "Is the green one still there?" in mei.get(said["Location"]).content.decode()


def test_the_name_is_remembered_by_the_room_and_by_the_page(live, mei):
    mei.post("/live/nickname/", {"nickname": "沈梅"})
    mei.post(path(live), {"text": "good evening"})
    assert lines() == [("沈梅", "good evening")]


def test_the_same_form_sent_twice_is_one_line(live, mei):
    page = mei.get(path(live)).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    for _ in range(2):
        mei.post(path(live), {"text": "hello", "nickname": "沈梅", "key": key})
    assert lines() == [("沈梅", "hello")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": " "}, "Write something first."),
        ({"text": "x" * 301}, "At most 300 letters."),
        ({"text": "\u200b\u200b"}, "Write something first."),
        ({"nickname": "x"}, "A nickname has 2 to 12 letters."),
        ({"nickname": "x" * 13}, "A nickname has 2 to 12 letters."),
        ({"nickname": "\u200b\u200b\u200b"}, "A nickname"),
        ({"key": "k" * 37}, ""),
    ],
)
def test_what_cannot_be_said_gets_a_sentence_and_stays_in_the_field(live, mei, fields, sentence):
    wanted = {"text": "hello", "nickname": "沈梅"} | fields
    answer = mei.post(path(live), wanted)
    assert answer.status_code in {400, 422}
    assert sentence in answer.content.decode()
    if fields.get("text", "").strip():
        assert fields["text"] in answer.content.decode()
    assert lines() == []


def test_a_closed_chat_says_so(live, mei):
    Room.objects.filter(pk=live.pk).update(muted=True)
    answer = mei.post(path(live), {"text": "hello", "nickname": "沈梅"})
    assert "closed the chat" in answer.content.decode()
    assert "hello" in answer.content.decode()


def test_a_line_that_waits_for_the_shop_says_so(live, mei):
    Room.objects.filter(pk=live.pk).update(holds_chat=True)
    answer = mei.post(path(live), {"text": "hello", "nickname": "沈梅"}, follow=True)
    assert "The shop looks at it first" in answer.content.decode()
    assert HeldLine.objects.get().text == "hello"


def test_nobody_calls_himself_like_the_shop(live, mei):
    answer = mei.post(path(live), {"text": "hello", "nickname": live.merchant.name[:12]})
    assert answer.status_code in {403, 409, 422}
    assert lines() == []


def test_who_is_banned_finds_the_door_closed(live, mei, host):
    mei.post(path(live), {"text": "hello", "nickname": "沈梅"})
    line = Message.objects.get(text="hello")
    sanction(line=line, by=host, measure=Measure.BAN)
    assert mei.get(path(live)).status_code == 403
    assert mei.post(path(live), {"text": "again", "nickname": "沈梅"}).status_code == 403
    assert ("沈梅", "again") not in lines()


def test_who_says_too_much_is_asked_to_wait(live, mei):
    answers = [
        mei.post(path(live), {"text": f"line {number}", "nickname": "沈梅"}).status_code
        for number in range(62)
    ]
    assert answers[-1] == 429
    assert answers.count(302) == 60
    assert device_of(mei.session)


def test_what_is_said_is_never_read_as_html(live, mei):
    mei.post(path(live), {"text": "<b onclick=alert(1)>hi</b>", "nickname": "沈梅"})
    assert "&lt;b onclick=alert(1)&gt;hi" in mei.get(path(live)).content.decode()


def test_the_coupon_is_a_page_without_scripts(live, coupon, mei):
    from livestream.services.drop import open_drop

    drop = open_drop(room=live, coupon=coupon, minutes=5)
    page = f"/live/{live.public_id}/drops/{drop.public_id}/"
    assert "<html" in mei.get(page).content.decode()
    assert "<html" not in mei.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in mei.post(f"{page}claim/").content.decode()
