"""Who may not speak, what may not be said, and what waits for approval."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livestream import broadcast
from livestream.errors import (
    BadAnswer,
    BadMeasure,
    BadPace,
    BadReply,
    BadWord,
    Banned,
    ChatOver,
    Nobody,
    NothingSaid,
    Silenced,
    SlowMode,
)
from livestream.models import BlockedWord, HeldLine, Message, Room, Sanction
from livestream.rules.chat import too_soon
from livestream.rules.moderation import MOST_WORDS, Measure, blocked, fold, hardest, mute_until
from livestream.selectors import chat as selector
from livestream.selectors.moderation import forget_words, measure_against
from livestream.services.chat import approve, dismiss, give_notice, hide, pace, say
from livestream.services.line import Voice
from livestream.services.moderation import (
    lift_sanction,
    sanction,
    set_quick_replies,
    set_words,
)
from livestream.services.room import end_room, make_room, rehearse_room, schedule_room, start_room
from merchants.errors import Taken
from merchants.models import Staff, User
from orders.services.customer import customer_for_phone


@pytest.fixture(autouse=True)
def _fresh_words():
    forget_words()


@pytest.fixture
def voice() -> Voice:
    return Voice("Dan", device=uuid.uuid4())


@pytest.fixture
def eve() -> Voice:
    return Voice("Eve", device=uuid.uuid4())


@pytest.fixture
def line(live, voice) -> Message:
    return say(room=live, voice=voice, text="hello")


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["微信", "微 信", "微\u200b信", "微、信", "微…信", "微\ufe0f信"],
)
def test_a_chinese_word_is_found_however_it_is_spread(written):
    assert blocked(f"加我{written}拿货", [fold("微信")])


@pytest.mark.parametrize(
    "written",
    ["vx123", "ＶＸ１２３", "V-X 123", "ⓥⓧ①②③", "v\u0301x123", "vх123", "ᴠx１２３", "V​X‮123"],
)
def test_a_latin_word_is_found_in_other_clothes(written):
    assert blocked(f"add {written} now", [fold("vx123")])


def test_what_is_not_on_the_list_is_not_found():
    assert blocked("今天的龙井很好喝", [fold("微信"), fold("vx")]) is None
    assert blocked("anything", []) is None
    assert blocked("anything", [""]) is None


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=8))
def test_a_word_is_found_in_itself_in_capitals(word):
    if fold(word):
        assert blocked(word, [fold(word)])


def test_the_hardest_measure_decides():
    assert hardest(["mute", "shadow"]) is Measure.SHADOW
    assert hardest(["shadow", "ban", "mute"]) is Measure.BAN
    assert hardest([]) is None


@pytest.mark.parametrize("minutes", [0, -1, 7 * 24 * 60 + 1])
def test_a_mute_has_a_length(minutes):
    assert mute_until(minutes, timezone.now()) is None


# --- measures -------------------------------------------------------------------------------------


def test_a_muted_guest_is_refused_until_his_time_is_up(live, line, voice, host):
    made = sanction(line=line, measure=Measure.MUTE, by=host, minutes=5)
    with pytest.raises(Silenced):
        say(room=live, voice=voice, text="again")
    Sanction.objects.filter(pk=made.pk).update(until=timezone.now())
    assert say(room=live, voice=voice, text="again").pk


def test_a_new_nickname_does_not_help(live, line, voice, host):
    sanction(line=line, measure=Measure.MUTE, by=host, minutes=5)
    with pytest.raises(Silenced):
        say(room=live, voice=Voice("Somebody", device=voice.device), text="again")


def test_another_device_does_not_help_a_known_customer(live, host, shop, voice):
    known = customer_for_phone(merchant=shop, phone="+8613800000000", name="d", email="")
    said = say(room=live, voice=Voice("Dan", customer_id=known.pk, device=voice.device), text="a")
    sanction(line=said, measure=Measure.MUTE, by=host, minutes=5)
    with pytest.raises(Silenced):
        say(room=live, voice=Voice("Dan", customer_id=known.pk, device=uuid.uuid4()), text="b")


def test_the_device_of_a_known_customer_is_silenced_too(live, host, shop, voice):
    """Also where nobody knows any more whose it was: when her name was erased, for one."""
    known = customer_for_phone(merchant=shop, phone="+8613800000000", name="d", email="")
    said = say(room=live, voice=Voice("Dan", customer_id=known.pk, device=voice.device), text="a")
    sanction(line=said, measure=Measure.MUTE, by=host, minutes=5)
    with pytest.raises(Silenced):
        say(room=live, voice=Voice("Dan", device=voice.device), text="b")


def test_another_guest_is_not_touched(live, line, eve, host):
    sanction(line=line, measure=Measure.BAN, by=host)
    assert say(room=live, voice=eve, text="hi").pk


def test_a_measure_of_another_shop_is_none_here(live, line, voice, other_shop, mallory):
    theirs = Staff.objects.get(merchant=other_shop, user=mallory)
    Sanction.objects.create(
        merchant=other_shop, device=voice.device, measure="ban", by=theirs, at=timezone.now()
    )
    assert say(room=live, voice=voice, text="hi").pk


def test_a_mute_is_of_its_room_and_a_ban_of_the_shop(live, line, host):
    assert sanction(line=line, measure=Measure.MUTE, by=host, minutes=1).room == live
    assert sanction(line=line, measure=Measure.BAN, by=host).room is None


def test_a_banned_guest_cannot_write(live, line, voice, host):
    sanction(line=line, measure=Measure.BAN, by=host)
    with pytest.raises(Banned):
        say(room=live, voice=voice, text="again")


def test_a_softer_measure_lifts_no_harder_one(live, line, voice, host):
    sanction(line=line, measure=Measure.BAN, by=host)
    sanction(line=line, measure=Measure.MUTE, by=host, minutes=1)
    now = timezone.now()
    assert measure_against(live, device=voice.device, customer=None, now=now) is Measure.BAN


def test_the_newest_of_equal_measures_holds(live, line, voice, host):
    sanction(line=line, measure=Measure.MUTE, by=host, minutes=60)
    sanction(line=line, measure=Measure.MUTE, by=host, minutes=1)
    assert Sanction.objects.filter(lifted_at=None).count() == 1


def test_a_measure_of_one_room_opens_no_other(live, line, voice, host, longjing):
    sanction(line=line, measure=Measure.SHADOW, by=host, everywhere=True)
    starts = timezone.now() + timedelta(hours=3)
    second = make_room(
        merchant=live.merchant,
        host=host,
        title="second show",
        starts_at=starts,
        products=[longjing],
    )
    second = start_room(room=schedule_room(room=second))
    there = say(room=second, voice=voice, text="hello")
    assert there.shadowed
    sanction(line=there, measure=Measure.SHADOW, by=host)
    for room in (live, second):
        now = timezone.now()
        found = measure_against(room, device=voice.device, customer=None, now=now)
        assert found is Measure.SHADOW


def test_a_lifted_measure_holds_no_more(live, line, voice, host):
    lift_sanction(sanction=sanction(line=line, measure=Measure.BAN, by=host))
    assert say(room=live, voice=voice, text="thank you").pk


def test_a_measure_needs_a_length_and_somebody(live, line, host):
    with pytest.raises(BadMeasure):
        sanction(line=line, measure=Measure.MUTE, by=host)
    ours = say(room=live, voice=Voice("Bob", badge="host", staff_id=host.pk), text="welcome")
    with pytest.raises(Nobody):
        sanction(line=ours, measure=Measure.BAN, by=host)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sanction.objects.create(merchant=live.merchant, measure="ban", at=timezone.now())


def test_what_a_shadow_banned_guest_says_is_told_to_the_staff_alone(
    live, line, voice, host, monkeypatch, django_capture_on_commit_callbacks
):
    sanction(line=line, measure=Measure.SHADOW, by=host)
    told: list[tuple[str, bool]] = []

    def hear(_group, message):
        told.extend((text, staff) for text, staff, _id in message.get("events", []))

    monkeypatch.setattr(broadcast, "_send", hear)
    with django_capture_on_commit_callbacks(execute=True):
        say(room=live, voice=voice, text="secret")
    assert [staff for text, staff in told if "secret" in text] == [True]


def test_only_he_reads_what_a_shadow_banned_guest_says(live, line, voice, eve, host):
    sanction(line=line, measure=Measure.SHADOW, by=host)
    said = say(room=live, voice=voice, text="secret")
    assert said.pk
    assert said not in selector.latest(live.pk, 9)
    assert said not in selector.after(live.pk, 0, 9)
    assert said not in selector.seen_from(live.pk, eve.device, 9)
    assert said in selector.seen_from(live.pk, voice.device, 9)
    assert said in selector.seen_by_staff(live.pk, 9)
    assert selector.shadowed_after(live.pk, line.pk, 9, voice.device) == [said]
    assert selector.shadowed_after(live.pk, line.pk, 9, eve.device) == []
    assert selector.shadowed_after(live.pk, line.pk, 9) == [said]


# --- words ----------------------------------------------------------------------------------------


def test_a_line_with_a_blocked_word_waits(live, voice, shop):
    set_words(merchant=shop, words=["微信"])
    held = say(room=live, voice=voice, text="加微 信")
    assert isinstance(held, HeldLine)
    assert held.word == "微信"
    assert selector.waiting(live.pk) == [held]
    assert not live.messages.exists()


def test_the_platforms_words_hold_in_every_shop(live, voice):
    set_words(merchant=None, words=["vx"])
    assert isinstance(say(room=live, voice=voice, text="add V.X"), HeldLine)


def test_a_platform_admin_keeps_the_platforms_words(live, voice, shop, client, settings):
    set_words(merchant=shop, words=["tea"])
    settings.ADMIN_REQUIRES_MFA = False
    client.force_login(User.objects.create_superuser("root@example.com", "a long password"))
    add, words = (reverse(f"admin:livestream_blockedword_{it}") for it in ("add", "changelist"))
    for unfit in ("…", "\ufdfd" * 10):  # nothing is left of it; it unfolds to more than can be kept
        refused = client.post(add, {"word": unfit})
        assert refused.status_code == 200
        assert "errornote" in refused.text
    for _twice in range(2):
        client.post(add, {"word": "ＷＥＣＨＡＴ"})
    mine, everywhere = BlockedWord.objects.order_by("word")
    assert (mine.merchant, everywhere.merchant, everywhere.folded) == (shop, None, "wechat")
    assert isinstance(say(room=live, voice=voice, text="we chat"), HeldLine)
    rows = {"action": "allow", "_selected_action": [mine.pk, everywhere.pk]}
    client.post(words, rows)
    assert BlockedWord.objects.get() == mine  # a shop's own list is the shop's
    forget_words()  # what is committed does it by itself
    assert isinstance(say(room=live, voice=voice, text="wechat?"), Message)


def test_the_words_of_another_shop_do_not(live, voice, other_shop):
    set_words(merchant=other_shop, words=["tea"])
    assert isinstance(say(room=live, voice=voice, text="tea"), Message)


def test_staff_may_say_every_word(live, host, shop):
    set_words(merchant=shop, words=["tea"])
    ours = Voice("Bob", badge="host", staff_id=host.pk)
    assert isinstance(say(room=live, voice=ours, text="tea"), Message)


def test_a_list_is_just_the_words_it_was_given(shop):
    set_words(merchant=shop, words=["Tea", "ＴＥＡ", "coffee", " "])
    set_words(merchant=shop, words=["coffee", "milk"])
    assert set(BlockedWord.objects.values_list("word", flat=True)) == {"coffee", "milk"}


@pytest.mark.parametrize("words", [["…"], ["x" * 41], [str(n) for n in range(MOST_WORDS + 1)]])
def test_a_bad_list_is_refused_and_the_old_one_stays(shop, words):
    set_words(merchant=shop, words=["tea"])
    with pytest.raises(BadWord):
        set_words(merchant=shop, words=words)
    assert BlockedWord.objects.get().word == "tea"


# --- approval -------------------------------------------------------------------------------------


def test_an_approved_line_is_said_now_and_not_missed(live, voice, eve, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="first", key="k1")
    pace(room=live, slow_seconds=0, holds_chat=False)
    later = say(room=live, voice=eve, text="second")
    message = approve(held=held, by=host)
    assert message.pk > later.pk
    assert [one.text for one in selector.after(live.pk, later.pk, 9)] == ["first"]


def test_a_held_line_of_a_shadow_banned_guest_stays_between_him_and_the_shop(live, voice, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="a")
    sanction(line=held, measure=Measure.SHADOW, by=host)
    assert approve(held=held, by=host).shadowed
    assert selector.latest(live.pk, 9) == []


def test_nothing_is_let_through_after_the_show(live, voice, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="a")
    end_room(room=live)
    held.room.refresh_from_db()
    with pytest.raises(ChatOver):
        approve(held=held, by=host)
    assert not live.messages.filter(kind="say").exists()


def test_a_notice_is_heard_by_all_and_answered_by_nobody(live, voice, host):
    made = give_notice(room=live, text=" Coupons\nat half past eight ")
    assert (made.kind, made.text) == ("notice", "Coupons at half past eight")
    assert selector.latest(live.pk, 9) == [made]
    with pytest.raises(BadReply):
        say(room=live, voice=voice, text="fine", reply_to=made.pk)
    with pytest.raises(NothingSaid):
        give_notice(room=live, text="\u200b ")
    end_room(room=live)
    Room.objects.update(state="expired")
    with pytest.raises(ChatOver):
        give_notice(room=live, text="too late")


def test_a_notice_in_a_rehearsal_reaches_nobody(scheduled):
    rehearse_room(room=scheduled)
    with pytest.raises(ChatOver):
        give_notice(room=scheduled, text="a trial")
    assert not Message.objects.exists()


def test_a_held_line_sent_again_waits_once_and_is_then_known(live, voice, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="first", key="k1")
    assert say(room=live, voice=voice, text="first", key="k1") == held
    message = approve(held=held, by=host)
    assert say(room=live, voice=voice, text="first", key="k1") == message
    assert live.messages.count() == 1


def test_a_line_is_judged_once(live, voice, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="first")
    dismiss(held=held, by=host)
    with pytest.raises(Taken):
        approve(held=held, by=host)
    assert not live.messages.exists()
    assert selector.waiting(live.pk) == []


def test_who_wrote_a_held_line_can_be_muted(live, voice, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice, text="first")
    sanction(line=held, measure=Measure.MUTE, by=host, minutes=10)
    with pytest.raises(Silenced):
        say(room=live, voice=voice, text="more")


def test_staff_wait_for_nobody(live, host):
    pace(room=live, slow_seconds=60, holds_chat=True)
    ours = Voice("Bob", badge="host", staff_id=host.pk)
    for text in ("one", "two"):
        assert isinstance(say(room=live, voice=ours, text=text), Message)


# --- slow mode ------------------------------------------------------------------------------------


def test_slow_mode_makes_a_guest_wait(live, voice, eve):
    pace(room=live, slow_seconds=10, holds_chat=False)
    first = say(room=live, voice=voice, text="one")
    with pytest.raises(SlowMode):
        say(room=live, voice=voice, text="two")
    assert say(room=live, voice=eve, text="mine").pk
    Message.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(seconds=11))
    assert say(room=live, voice=voice, text="two").pk


@pytest.mark.parametrize(("since", "soon"), [(0, True), (9.99, True), (10, False), (11, False)])
def test_slow_mode_is_as_slow_as_it_says(since, soon):
    now = timezone.now()
    assert too_soon(now - timedelta(seconds=since), 10, now) is soon


def test_slow_mode_counts_lines_that_wait(live, voice, shop):
    set_words(merchant=shop, words=["tea"])
    pace(room=live, slow_seconds=10, holds_chat=False)
    say(room=live, voice=voice, text="tea")
    with pytest.raises(SlowMode):
        say(room=live, voice=voice, text="two")


@pytest.mark.parametrize("seconds", [-1, 121])
def test_slow_mode_has_limits(live, seconds):
    with pytest.raises(BadPace):
        pace(room=live, slow_seconds=seconds, holds_chat=False)


# --- replies --------------------------------------------------------------------------------------


def test_a_line_may_answer_another(live, line, eve):
    answer = say(room=live, voice=eve, text="hi Dan", reply_to=line.pk)
    assert answer.reply_to == line


def test_nobody_answers_what_is_hidden_or_elsewhere(live, line, eve, host):
    hide(message=line)
    for wanted in (line.pk, 10**9):
        with pytest.raises(BadReply):
            say(room=live, voice=eve, text="hi", reply_to=wanted)


def test_nobody_else_answers_what_only_its_author_sees(live, line, voice, eve, host):
    sanction(line=line, measure=Measure.SHADOW, by=host)
    unseen = say(room=live, voice=voice, text="secret")
    with pytest.raises(BadReply):
        say(room=live, voice=eve, text="what?", reply_to=unseen.pk)
    assert say(room=live, voice=voice, text="I mean", reply_to=unseen.pk).reply_to == unseen


def test_quick_replies_are_just_these_in_order(shop):
    set_quick_replies(merchant=shop, texts=["明天发货", " ", "7 天无理由退"])
    assert [one.text for one in shop.quick_replies.all()] == ["明天发货", "7 天无理由退"]
    with pytest.raises(BadAnswer):
        set_quick_replies(merchant=shop, texts=["x" * 121])
    assert shop.quick_replies.count() == 2
