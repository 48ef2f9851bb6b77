"""What may be said, and how it becomes rows."""

from __future__ import annotations

import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestream import broadcast
from livestream.consumers.room import Visitor, _voice_of
from livestream.errors import ChatClosed, ChatOver, NameTaken, NothingSaid, TooLong
from livestream.models import Message
from livestream.rules.chat import LONGEST, Bucket, clean, folded, masked, may_talk
from livestream.rules.room import RoomState
from livestream.selectors import chat as selector
from livestream.services.chat import announce, hide, mute, pin, say, say_all
from livestream.services.like import fold
from livestream.services.line import Line, Voice
from livestream.services.room import end_room
from merchants.errors import KeyReused, Taken
from orders.payments import sandbox
from orders.services.order import place_order
from orders.services.payment import open_payment
from tests.conftest import DAN


@given(st.text())
def test_a_cleaned_line_is_one_line_without_control_letters(text):
    line = clean(text)
    assert line == line.strip()
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")
    assert clean(line) == line


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "So"]), min_size=1))
def test_ordinary_words_stay_as_they_were_typed(text):
    assert clean(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "❤️", "🇨🇳", "👍🏽"])  # joined by letters nobody sees
def test_emoji_stay_whole(emoji):
    assert clean(emoji) == emoji


def test_a_buyers_name_is_masked():
    assert masked("王小明") == "王**"


@pytest.mark.parametrize("state", list(RoomState))
def test_guests_talk_while_there_is_a_show_to_talk_about(state):
    allowed = state in {"scheduled", "live", "paused", "interrupted"}
    assert may_talk(state, staff=False, muted=False) is allowed
    assert may_talk(state, staff=False, muted=True) is False
    assert may_talk(state, staff=True, muted=True) is may_talk(state, staff=True, muted=False)


@given(
    st.lists(st.floats(min_value=0, max_value=3), max_size=200),
    st.integers(1, 10),
    st.integers(1, 5),
)
def test_a_bucket_never_gives_more_than_its_size_and_rate(gaps, size, rate):
    bucket = Bucket(size=size, rate=rate)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
    assert taken <= size + rate * now + 1e-6


def test_a_bucket_does_not_mind_a_clock_that_stands_still():
    bucket = Bucket(size=2, rate=1)
    assert [bucket.take(5.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(4.0) is False


@pytest.fixture
def voice() -> Voice:
    return Voice("Dan", device=uuid.uuid4())


def test_a_line_becomes_a_row(live, voice):
    message = say(room=live, voice=voice, text="  still\nthere? ", key="k1")
    assert Message.objects.get() == message
    assert message.text == "still there?"
    assert message.author_name == "Dan"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", NothingSaid), (" \u200b\n", NothingSaid), ("茶" * (LONGEST + 1), TooLong)],
)
def test_what_is_no_line_is_refused(live, voice, text, refusal):
    with pytest.raises(refusal):
        say(room=live, voice=voice, text=text)
    assert not Message.objects.exists()


def test_the_same_key_says_it_once(live, voice):  # P10
    first = say(room=live, voice=voice, text="once", key="k")
    assert say(room=live, voice=voice, text="once", key="k") == first
    assert Message.objects.count() == 1


def test_the_same_key_within_one_moment_says_it_once(live, voice):
    outcomes = say_all(room_id=live.pk, lines=[Line(voice, "once", "k"), Line(voice, "once", "k")])
    assert outcomes[0] == outcomes[1]
    assert Message.objects.count() == 1


def test_a_key_belongs_to_who_used_it_first(live, voice):
    say(room=live, voice=voice, text="mine", key="k")
    with pytest.raises(KeyReused):
        say(room=live, voice=Voice("Eve", device=uuid.uuid4()), text="mine too", key="k")


def test_one_bad_line_does_not_spoil_the_moment(live, voice):
    outcomes = say_all(
        room_id=live.pk, lines=[Line(voice, "one"), Line(voice, ""), Line(voice, "two")]
    )
    assert outcomes[1] is NothingSaid
    assert [message.text for message in Message.objects.order_by("pk")] == ["one", "two"]


def test_ids_rise_within_a_room(live, voice):
    say_all(room_id=live.pk, lines=[Line(voice, str(number)) for number in range(30)])
    texts = list(Message.objects.order_by("pk").values_list("text", flat=True))
    assert texts == [str(number) for number in range(30)]


def test_guests_are_silent_while_muted_and_staff_are_not(live, voice, host):
    mute(room=live, muted=True)
    with pytest.raises(ChatClosed):
        say(room=live, voice=voice, text="hello")
    assert (
        say(room=live, voice=Voice("芳姐", "host", staff_id=host.pk), text="hello").badge == "host"
    )


def test_nobody_talks_to_guests_of_an_ended_room(live, voice):
    end_room(room=live)
    with pytest.raises(ChatOver):
        say(room=live, voice=voice, text="hello")


def test_a_hidden_line_is_gone_from_history_but_not_from_the_record(live, voice):
    message = say(room=live, voice=voice, text="buy from me")
    hide(message=message)
    assert selector.latest(live.pk, 10) == []
    assert Message.objects.count() == 1
    with pytest.raises(Taken):
        hide(message=message)


def test_history_is_oldest_first_and_after_an_id(live, voice):
    messages = [say(room=live, voice=voice, text=str(number)) for number in range(5)]
    assert selector.latest(live.pk, 2) == messages[-2:]
    assert selector.after(live.pk, messages[1].pk, 10) == messages[2:]
    assert selector.count_after(live.pk, messages[1].pk) == 3


def test_pinned_and_system_lines(live):
    pin(room=live, text="  Picked on\nMarch 22 ")
    announce(room=live, text="The show begins")
    live.refresh_from_db()
    assert live.pinned == "Picked on March 22"
    assert Message.objects.get().kind == "system"


def test_likes_fold_into_the_row_and_the_peak_only_rises(live):
    fold(room_id=live.pk, likes=7, peak=5)
    fold(room_id=live.pk, likes=3, peak=2)
    live.refresh_from_db()
    assert (live.likes, live.viewers_peak) == (10, 5)


def test_hostile_text_is_data_in_the_event(live, voice):  # P19
    message = say(room=live, voice=voice, text="<img src=x onerror=alert(1)></script>")
    event = broadcast.said_event(message)
    assert event["text"] == "<img src=x onerror=alert(1)></script>"


@pytest.mark.parametrize(
    "name", ["芳姐", "芳 姐", "芳\u200d姐", "桂芳茶行", "ＡＬＩＣＥ", "a l i c e"]
)
def test_no_guest_speaks_in_the_name_of_the_shop(live, alice, name):
    alice_name = live.merchant.staff.get(user=alice)
    alice_name.host_name = "Alice"
    alice_name.save()
    with pytest.raises(NameTaken):
        say(room=live, voice=Voice(name, device=uuid.uuid4()), text="half price at my shop")
    assert not Message.objects.exists()


def test_names_of_another_shops_staff_are_free(live, other_shop, voice):
    other_shop.staff.update(host_name="Dan")
    assert say(room=live, voice=voice, text="hello").author_name == "Dan"


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_spaces_and_case_make_no_other_name(name):
    assert folded("\u2060 ".join(name.upper())) == folded(name)


def test_staff_take_a_line_away_and_close_the_chat(as_bob, live, voice, other_shop, mallory):
    url = f"/dashboard/tea/rooms/{live.public_id}/console/chat/"
    line = say(room=live, voice=voice, text="buy from me")
    json = {"Accept": "application/json"}
    for _ in range(2):  # a colleague may have been faster
        answer = as_bob.post(url, {"do": "hide", "message": line.pk}, headers=json)
        assert answer.status_code == 204
    line.refresh_from_db()
    assert line.hidden
    assert as_bob.post(url, {"do": "mute"}).status_code == 302
    live.refresh_from_db()
    assert live.muted
    as_bob.post(url, {"do": "unmute"}, headers=json)
    live.refresh_from_db()
    assert not live.muted
    for odd in ({}, {"do": "x"}):
        assert as_bob.post(url, odd).status_code == 422
    for none in ({}, {"message": "-1"}, {"message": 10**9}):
        assert as_bob.post(url, {"do": "hide", **none}).status_code == 404
    assert 'id="chat-tools"' in as_bob.get(f"/dashboard/tea/rooms/{live.public_id}/console/").text


@pytest.mark.parametrize(("paid", "badge"), [(0, ""), (1, ""), (2, "regular")])
def test_who_has_bought_once_is_no_regular_yet(live, dan, variant, paid, badge):
    for _order in range(paid):
        order = place_order(
            merchant=live.merchant,
            customer=dan,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
        )
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    session = {"nickname": "Dan", "device": str(dan.device)}
    visitor = Visitor(room=live, language="en", session=session)
    assert _voice_of(visitor).badge == badge
