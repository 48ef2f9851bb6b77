"""The crowd of a rehearsal, what the crew does about it, and the judgement: pure rules."""

from __future__ import annotations

from typing import Any

import pytest

from livestream.rules.crowd import CUT_SECONDS, LENGTH, TOPICS, Kind, crowd, watching
from livestream.rules.readiness import Good, judge, score
from livestream.rules.rehearsal import (
    MOST_SAMPLES,
    Play,
    Sample,
    bought,
    flash_bought,
    left_after,
    put_aside,
    visible,
)
from livestream.rules.trial import EVERY, MOST_BITES, MOST_TRIALS, Trial, TrialKind
from livestream.selectors.trial import stirred

ALL = crowd(7, LENGTH)


def kinds(acts) -> list[Kind]:
    return [act.kind for act in acts]


def test_the_same_seed_and_second_are_the_same_crowd():
    assert crowd(7, 60) == crowd(7, 60)
    assert crowd(7, 60) == [act for act in ALL if act.at <= 60]
    assert crowd(8, LENGTH) != ALL
    assert crowd(7, 0) == []


@pytest.mark.parametrize("seed", range(50))
def test_every_crowd_asks_buys_spams_takes_the_last_piece_and_loses_the_line_once(seed):
    acts = crowd(seed, LENGTH)
    assert {act.topic for act in acts if act.kind is Kind.ASK} == set(range(1, TOPICS + 1))
    for kind, count in ((Kind.LAST, 1), (Kind.CUT, 1), (Kind.SPAM, 2), (Kind.OVER, 1)):
        assert kinds(acts).count(kind) == count
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert len({act.key for act in acts}) == len(acts)
    cut = next(act.at for act in acts if act.kind is Kind.CUT)
    assert cut + CUT_SECONDS < LENGTH


def test_they_come_and_they_go():
    assert watching(7, 0) == 0
    assert watching(7, 60) > watching(7, 10) > 0
    assert watching(7, LENGTH) < watching(7, 60)


def test_who_was_silenced_is_heard_no_more():
    spam = [act for act in ALL if act.kind is Kind.SPAM]
    play = Play()
    assert [act for act in visible(play, ALL) if act in spam] == spam
    play.silenced[spam[0].who] = spam[0].at + 1
    assert [act for act in visible(play, ALL) if act in spam] == spam[:1]
    play.hidden.append(spam[0].key)
    assert not [act for act in visible(play, ALL) if act in spam]


def test_a_held_line_is_seen_once_it_was_let_through():
    spam = next(act for act in ALL if act.kind is Kind.SPAM)
    play = Play()
    assert spam not in visible(play, ALL, [spam.key])
    play.approved.append(spam.key)
    assert spam in visible(play, ALL, [spam.key])


def test_the_crowd_buys_what_is_being_explained_and_its_last_piece():
    play = Play()
    play.show(5, 0)
    play.show(6, 70)
    sales = bought(play, ALL, first=5)
    assert [(sale.item, sale.act.kind) for sale in sales] == [
        (5, Kind.BUY),
        (6, Kind.LAST),
        (6, Kind.BUY),
    ]
    assert left_after(10, 5, sales) == 9
    assert left_after(10, 6, sales) == 0
    assert left_after(10, 7, sales) == 10


def test_a_play_is_the_same_out_of_json():
    play = Play()
    play.show(5, 3)
    play.answer(1, 20)
    play.answer(1, 30)
    play.say(name="Bob", badge="host", text="hi", reply=None, at=21)
    play.measure(Sample(120, 0.4, 900))
    assert Play.read(play.kept()) == play
    assert play.answered == {"1": 20}
    assert Play.read({"odd": 1, "spots": [[1, 2, None]]}).on_now() == 1
    for _ in range(MOST_SAMPLES + 5):
        play.measure(Sample(1, 0, 0))
    assert len(play.samples) == MOST_SAMPLES


def trial(kind: TrialKind, total: int = 100, **more: Any) -> Trial:
    return Trial(kind, **{"at": 5.0, "begins": 10.0, "ends": 70.0, "total": total, **more})


def test_the_crowd_takes_one_after_another_until_nothing_or_no_time_is_left():
    one = trial(TrialKind.DROP)
    assert [one.taken(at) for at in (5, 10, 10 + EVERY, 10 + 4 * EVERY)] == [0, 0, 1, 4]
    assert one.taken(70) == one.taken(1000) == 20
    assert trial(TrialKind.FLASH, total=3).taken(1000) == 3
    assert trial(TrialKind.DRAW, total=3).taken(1000) == 20  # three win, many take part
    assert trial(TrialKind.DROP, ends=10_000.0).taken(10_000) == MOST_BITES
    assert trial(TrialKind.DROP, over=10 + 2 * EVERY).taken(1000) == 2
    assert [one.is_on(at) for at in (69, 70)] == [True, False]
    assert not trial(TrialKind.DROP, over=20.0).is_on(20)


def test_a_flash_sale_keeps_its_pieces_for_itself_and_gives_back_what_is_left():
    play = Play()
    play.give(trial(TrialKind.FLASH, total=5, told={"item": 7, "price": 900}))
    aside = [put_aside(play, 7, at) for at in (4, 5, 10, 10 + 2 * EVERY, 69, 70)]
    assert aside == [0, 5, 5, 3, 0, 0]
    assert put_aside(play, 8, 20) == 0
    sold = flash_bought(play, 10 + 2 * EVERY)
    assert [(one.act.at, one.item, one.price) for one in sold] == [(13, 7, 900), (16, 7, 900)]
    assert sold[0].act.who != sold[1].act.who
    assert left_after(10, 7, sold, aside=3) == 5
    assert play.end_trial(TrialKind.FLASH, play.offered()[0].key, 10 + 2 * EVERY)
    assert put_aside(play, 7, 30) == 0
    assert left_after(10, 7, flash_bought(play, 30)) == 8
    play.give(trial(TrialKind.DROP, told={"item": 7}))
    assert put_aside(play, 7, 6) == 0  # a coupon takes no piece


def test_what_stirs_nothing_is_not_told():
    play = Play()
    assert not stirred(play, 0, 100)
    play.give(trial(TrialKind.DROP, total=2))
    assert not stirred(play, 6, 12)  # nobody has come yet
    assert stirred(play, 12, 10 + EVERY)
    assert not stirred(play, 10 + EVERY, 10 + 1.9 * EVERY)
    assert not stirred(play, 20, 69)  # both are gone
    assert stirred(play, 69, 70)  # its time is up
    assert not stirred(play, 70, 150)


def test_a_tried_draw_has_winners_when_it_is_over_and_always_the_same():
    one = trial(TrialKind.DRAW, total=3)
    assert one.winners(69) == []
    assert len(set(one.winners(70))) == 3
    assert one.winners(70) == one.winners(500)
    assert len(trial(TrialKind.DRAW, total=3, ends=10 + EVERY).winners(70)) == 1
    assert trial(TrialKind.DRAW, total=3, ends=10.0).winners(70) == []


def test_what_is_tried_is_over_once_and_only_so_much_is_kept():
    play = Play()
    play.give(trial(TrialKind.DROP))
    key = play.offered()[0].key
    assert not play.end_trial(TrialKind.DROP, "nothing", 20)
    assert not play.end_trial(TrialKind.FLASH, key, 20)
    assert play.end_trial(TrialKind.DROP, key, 20)
    assert not play.end_trial(TrialKind.DROP, key, 30)
    assert not play.running(TrialKind.DROP, 21)
    for at in range(MOST_TRIALS + 5):
        play.give(trial(TrialKind.FLASH, at=float(at)))
    assert len(play.trials) == MOST_TRIALS
    assert play.offered()[-1].at == MOST_TRIALS + 4
    assert Play.read(play.kept()) == play


def perfect() -> Play:
    play = Play()
    play.show(5, 5)
    play.show(6, 80)
    for act in ALL:
        if act.kind is Kind.ASK:
            play.answer(act.topic, act.at + 8)
    for _ in range(20):
        play.measure(Sample(light=130, loud=0.4, kbps=1100))
    play.back = 7.5
    return play


GOOD = Good(5, "p", "茶")


def found(play: Play, goods=(GOOD,), spam=0, acts=ALL, elapsed=LENGTH + 1.0):
    findings = judge(play=play, acts=acts, goods=goods, spam=spam, elapsed=elapsed)
    return score(findings), {one.name: one.told for one in findings}


def test_a_rehearsal_where_all_went_well_is_a_hundred():
    points, told = found(perfect())
    assert points == 100
    assert told == {
        "uplink": "good",
        "light": "good",
        "sound": "good",
        "goods": "good",
        "questions": "good",
        "spam": "good",
        "sold_out": "good",
        "cut": "back",
    }


def test_one_where_nothing_was_done_says_so_of_everything():
    points, told = found(
        Play(), goods=[Good(5, "p", "茶", ("photo", "price", "stock", "notes"))], spam=2
    )
    assert points == 0
    assert told["uplink"] == told["light"] == told["sound"] == "untried"
    assert (told["questions"], told["spam"]) == ("none", "seen")
    assert (told["sold_out"], told["cut"], told["goods"]) == ("nothing_shown", "lost", "lacking")


def test_what_was_not_tried_is_not_ready():
    points, told = found(perfect(), acts=crowd(7, 5), elapsed=5.0)
    assert points < 80
    assert told["questions"] == told["spam"] == told["sold_out"] == told["cut"] == "untried"


@pytest.mark.parametrize(
    ("sample", "name", "told"),
    [
        (Sample(20, 0.4, 900), "light", "dark"),
        (Sample(50, 0.4, 900), "light", "dim"),
        (Sample(220, 0.4, 900), "light", "bright"),
        (Sample(250, 0.4, 900), "light", "bright"),
        (Sample(130, 0.05, 900), "sound", "quiet"),
        (Sample(130, 0.0, 900), "sound", "silent"),
        (Sample(130, 0.4, 400, line=1), "uplink", "fair"),
        (Sample(130, 0.4, 900, line=0), "uplink", "poor"),
        (Sample(130, 0.4, 0), "uplink", "untried"),
    ],
)
def test_light_sound_and_uplink_are_judged_by_what_was_measured(sample, name, told):
    play = perfect()
    play.samples = []
    for _ in range(10):
        play.measure(sample)
    points, said = found(play)
    assert said[name] == told
    assert points < 100


def test_staying_with_what_is_sold_out_and_answering_late_cost_points():
    play = perfect()
    play.spots = [[5, 5, None]]
    assert found(play)[1]["sold_out"] == "stayed"
    play = perfect()
    play.answered = {name: at + 60 for name, at in play.answered.items()}
    assert found(play)[1]["questions"] == "slow"
    play.answered.popitem()
    assert found(play)[1]["questions"] == "some"
