"""A rehearsal played to its end through the console's own addresses, and what remains of it."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from livestream import broadcast
from livestream.errors import (
    BadFlash,
    DrawRunning,
    FlashRunning,
    NotCheaper,
    NothingSaid,
    TooFewPieces,
)
from livestream.models import Rehearsal, Room
from livestream.rules.crowd import LENGTH
from livestream.rules.room import LONG_REHEARSAL, RoomState
from livestream.selectors.moderation import forget_words
from livestream.selectors.rehearsal import BASE, scene_of
from livestream.services.moderation import set_words
from livestream.services.rehearsal import begin_rehearsal, end_rehearsal
from livestream.services.room import ban_room
from livestream.services.shelf import set_item
from livestream.tasks import sweep_rooms

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FLASH = {"quota": "4", "per_buyer": "1", "warm_up": "10", "minutes": "2"}
DRAW = {"entry_by": "comment", "phrase": "想要"}


def at(room: Room, rest: str) -> str:
    return f"/dashboard/tea/rooms/{room.public_id}/{rest}"


def after(room: Room, seconds: float) -> None:
    """So many seconds have gone since it began."""
    began = timezone.now() - timedelta(seconds=seconds)
    Rehearsal.objects.filter(room=room, ended_at=None).update(started_at=began)


def rows() -> dict[str, list[tuple]]:
    """Every row of the shop, in every table: all of it, not only how many there are."""
    mine = {"merchants", "orders", "livestream"}
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in mine or model is Rehearsal:
            continue
        names = [field.attname for field in model._meta.concrete_fields]
        if model is Room:
            names = [name for name in names if name not in {"media_at", "rehearsed_at"}]
        found[model._meta.label] = list(model._default_manager.order_by("pk").values_list(*names))
    return found


def give_away(client: Client, room: Room) -> str:
    """One of every tool, as its form of the console sends it; the panels that the last answers."""
    coupon, item = room.merchant.coupons.first(), room.items.first()
    sent = [
        ("notice", {"text": "全场包邮", "do": "pin"}),
        ("notice", {"text": "还有五分钟", "do": "announce"}),
        ("drop", {"coupon": coupon.public_id, "minutes": "5"}),
        ("flash", {"variant": str(item.product.variants.get().pk), "price": "99", **FLASH}),
        ("draw", {"prize": "茶点", "winners": "2", "minutes": "1", **DRAW}),
    ]
    for tool, fields in sent:
        answer = client.post(at(room, f"console/{tool}/"), fields, headers=HTMX)
        assert answer.status_code == 200, (tool, answer.text)
    return answer.text


def whole_rehearsal(client: Client, room: Room) -> None:
    """Everything that can be done in one, also what must not work."""
    client.post(at(room, "console/move/"), {"do": "rehearse"})
    after(room, 10)
    spotlight = at(room, "console/spotlight/")
    client.post(spotlight, {"do": "next", "seen": "0"}, headers=HTMX)
    after(room, 60)
    events = client.get(at(room, "rehearsal/crowd/"), {"after": "0"}).json()["events"]
    lines = [event for event in events if event["type"] == "chat.said"]
    asked = next(line for line in lines if line["asks"])
    advert = next(line for line in lines if "用户" in line["name"])
    chat = at(room, "rehearsal/chat/")
    client.post(chat, {"do": "say", "text": "三月二十二", "reply_to": str(asked["id"])})
    client.post(chat, {"do": "say", "text": "欢迎"})
    client.post(chat, {"do": "sanction", "measure": "ban", "message": str(advert["id"])})
    client.post(chat, {"do": "hide", "message": str(lines[0]["id"])})
    client.post(chat, {"do": "answered", "question": "2"})
    client.post(chat, {"do": "aside", "question": "3"})
    measured = {"light": "120", "loud": "0.4", "kbps": "1100"}
    client.post(at(room, "rehearsal/measure/"), measured)
    give_away(client, room)
    client.post(at(room, "console/drop/"), {"coupon": "x", "minutes": "5"}, headers=HTMX)
    after(room, 110)
    client.post(at(room, "rehearsal/measure/"), {"back": "7"})
    client.post(spotlight, {"do": "next"}, headers=HTMX)
    client.get(at(room, "console/"))
    client.get(at(room, "rehearsal/inbox/"))
    client.get(at(room, "prompter/"))
    after(room, LENGTH + 5)
    client.get(at(room, "rehearsal/crowd/"))
    client.get(at(room, "console/panels/"), headers=HTMX)
    client.post(at(room, "console/move/"), {"do": "stop"})


@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_nothing_of_it_remains_in_the_shop(as_bob, room, coupon, order, state, request):
    if state == "scheduled":
        request.getfixturevalue("scheduled")
    before = rows()
    whole_rehearsal(as_bob, room)
    assert rows() == before
    rehearsal = Rehearsal.objects.get()
    assert rehearsal.score > 0
    assert set(rehearsal.findings) == {"found", "whole"}  # what was played has gone with its end
    assert rehearsal.findings["whole"]


def test_nothing_of_it_is_told_but_that_there_is_something_to_look_at(
    as_bob, scheduled, coupon, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(
        broadcast, "tell", lambda room, event, staff=False: told.append((event, staff))
    )
    with django_capture_on_commit_callbacks(execute=True):
        whole_rehearsal(as_bob, scheduled)
    assert told
    assert all(event == {"type": "rehearsal.changed"} and staff for event, staff in told)


def test_it_survives_a_reload_of_the_console(as_bob, scheduled, longjing):
    item = scheduled.items.get(product=longjing)
    set_item(item=item, live_price=13800, notes="豆香")
    begin_rehearsal(room=scheduled)
    as_bob.post(at(scheduled, "console/spotlight/"), {"item": str(item.pk)}, headers=HTMX)
    after(scheduled, 100)
    Rehearsal.objects.update(findings={"play": {"spots": [[item.pk, 5.0, None]]}})
    page = as_bob.get(at(scheduled, "console/"))
    assert page.context["current"].item == item
    assert page.context["current"].price == 13800  # as in the show
    assert page.context["current"].left == 0  # the crowd took the last piece
    assert page.context["figures"]["paid"] == 2
    assert "豆香" in page.text
    events = as_bob.get(at(scheduled, "rehearsal/crowd/")).json()["events"]
    lines = [event for event in events if event["type"] == "chat.said"]
    assert len(lines) >= 8
    assert all(line["id"] > BASE for line in lines)
    longjing.refresh_from_db()
    assert scheduled.items.get(pk=item.pk).product.variants.get().stock.get().reserved == 0


def test_the_real_shelf_and_price_are_what_shoppers_see_meanwhile(client, scheduled, longjing):
    item = scheduled.items.get(product=longjing)
    set_item(item=item, live_price=13800, notes="")
    begin_rehearsal(room=scheduled)
    after(scheduled, 120)
    page = client.get(f"/live/{scheduled.public_id}/").text
    assert "138" not in page.replace("13800", "")
    assert "用户8841" not in page


def test_the_same_question_is_one_and_an_answer_in_the_chat_closes_it(as_bob, scheduled):
    begin_rehearsal(room=scheduled)
    after(scheduled, 35)
    page = as_bob.get(at(scheduled, "rehearsal/inbox/")).text
    assert "×2" in page
    scene = scene_of(scheduled, timezone.now())
    first = next(act for act in scene.acts if act.topic == 1)
    said = as_bob.post(
        at(scheduled, "rehearsal/chat/"),
        {"do": "say", "text": "今年的", "reply_to": str(BASE + first.key)},
    ).json()["events"]
    assert said[0]["reply"]["id"] == BASE + first.key
    assert said[0]["badge"] == "host"
    assert "×2" not in as_bob.get(at(scheduled, "rehearsal/inbox/")).text


def test_the_shops_own_word_list_is_put_to_the_test(as_bob, shop, scheduled):
    forget_words()
    set_words(merchant=shop, words=["微信", "WeChat"])
    begin_rehearsal(room=scheduled)
    after(scheduled, 60)
    scene = scene_of(scheduled, timezone.now())
    assert len(scene.held) == 2
    assert scene.unwanted() == 0
    chat = at(scheduled, "rehearsal/chat/")
    as_bob.post(chat, {"do": "approve", "held": str(BASE + scene.held[0])})
    as_bob.post(chat, {"do": "dismiss", "held": str(BASE + scene.held[1])})
    scene = scene_of(scheduled, timezone.now())
    assert scene.unwanted() == 1
    assert scene.inbox()["held_lines"] == []


def test_what_gives_something_away_can_be_tried_and_the_crowd_takes_of_it(
    as_bob, scheduled, coupon, longjing
):
    begin_rehearsal(room=scheduled)
    after(scheduled, 10)
    page = give_away(as_bob, scheduled)
    for shown in (coupon.name, "茶点", "99", 'max="4" value="0"', 'max="100" value="0"'):
        assert shown in page, shown
    opened = scene_of(scheduled, timezone.now())
    tried = opened.panels()
    assert [one.coupon.claimed for one in tried["drops"]] == [0]
    assert [(one.sold, one.left) for one in tried["flash_sales"]] == [(0, 4)]
    assert [(one.is_open, one.entry_count) for one in tried["draws"]] == [(True, 0)]

    after(scheduled, 40)
    later = scene_of(scheduled, timezone.now()).panels()
    assert 5 < later["drops"][0].coupon.claimed <= 10
    assert (later["flash_sales"][0].sold, later["flash_sales"][0].left) == (4, 0)  # quota, no more
    assert 5 < later["draws"][0].entry_count <= 10
    events = as_bob.get(at(scheduled, "rehearsal/crowd/"), {"after": "30000"}).json()["events"]
    assert {"type": "rehearsal.changed"} in events
    assert {"type": "note.pinned", "text": "全场包邮"} in events
    notices = [one for one in events if one.get("kind") == "notice"]
    assert [one["text"] for one in notices] == []  # it was said long before
    said = [one for one in scene_of(scheduled, timezone.now()).said(0) if one["kind"] == "notice"]
    assert [one["text"] for one in said] == ["还有五分钟"]
    assert "全场包邮" in as_bob.get(at(scheduled, "console/")).text

    for tool, name, listed in (("drop", "withdraw", "drops"), ("flash", "close", "flash_sales")):
        ended = {name: later[listed][0].public_id}
        assert (
            as_bob.post(at(scheduled, f"console/{tool}/"), ended, headers=HTMX).status_code == 200
        )
        assert (
            as_bob.post(at(scheduled, f"console/{tool}/"), ended, headers=HTMX).status_code == 409
        )
    drawn = {"draw": later["draws"][0].public_id}
    page = as_bob.post(at(scheduled, "console/draw/"), drawn, headers=HTMX).text
    over = scene_of(scheduled, timezone.now()).panels()
    assert over["drops"] == over["flash_sales"] == []
    assert over["draws"][0].is_drawn
    assert len(set(over["draws"][0].won)) == 2
    assert all(name in page for name in over["draws"][0].won)
    assert "/draws/" not in page  # of an invented draw there is no proof
    after(scheduled, 70)
    assert scene_of(scheduled, timezone.now()).panels()["draws"][0].won == over["draws"][0].won


def test_a_tried_flash_sale_moves_stock_turnover_and_orders_as_in_the_show(
    as_bob, scheduled, longjing
):
    item = scheduled.items.get(product=longjing)
    begin_rehearsal(room=scheduled)
    as_bob.post(at(scheduled, "console/spotlight/"), {"item": str(item.pk)}, headers=HTMX)
    flash = {"variant": str(longjing.variants.get().pk), "price": "99", **FLASH}
    assert as_bob.post(at(scheduled, "console/flash/"), flash, headers=HTMX).status_code == 200
    announced = timezone.now() - Rehearsal.objects.get(room=scheduled).started_at

    def seen(seconds: float) -> tuple[int, int, int, int]:
        after(scheduled, announced.total_seconds() + seconds)
        page = as_bob.get(at(scheduled, "console/")).context
        figures, card = page["figures"], page["current"]
        return card.left, figures["turnover"], figures["paid"], page["pieces"]["sold"]

    assert seen(1) == (6, 0, 0, 0)  # four of ten lie ready for its buyers
    assert seen(17) == (6, 2 * 9900, 2, 2)  # it opened at ten; they buy of those
    page = as_bob.get(at(scheduled, "console/"))
    assert page.text.count("×1</span>") == 2
    events = as_bob.get(at(scheduled, "rehearsal/crowd/"), {"after": "14000"}).json()["events"]
    made = [event for event in events if event["type"] == "sale.made"]
    assert [event["product"] for event in made] == [longjing.name]
    assert {"type": "order.paid"} in events
    nothing = as_bob.get(at(scheduled, "rehearsal/crowd/"), {"after": "17500"}).json()["events"]
    assert not {"sale.made", "order.paid", "rehearsal.changed"} & {one["type"] for one in nothing}
    sale = page.context["flash_sales"][0].public_id
    as_bob.post(at(scheduled, "console/flash/"), {"close": sale}, headers=HTMX)
    assert seen(30)[0] == 8  # two were bought, and two are back on the shelf


def test_what_the_crowd_has_taken_cannot_be_put_aside_for_a_flash_sale(as_bob, scheduled, variant):
    begin_rehearsal(room=scheduled)
    first = scheduled.items.order_by("position").first()
    Rehearsal.objects.update(findings={"play": {"spots": [[first.pk, 5.0, None]]}})
    after(scheduled, 100)  # the last piece has gone
    flash = {"variant": str(variant.pk), "price": "99", **FLASH}
    answer = as_bob.post(at(scheduled, "console/flash/"), flash, headers=HTMX)
    assert answer.status_code == 409
    assert str(TooFewPieces()) in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("tool", "fields", "status", "refusal"),
    [
        ("flash", {"variant": "", "price": "99", **FLASH, "quota": "11"}, 409, TooFewPieces),
        ("flash", {"variant": "", "price": "999", **FLASH}, 422, NotCheaper),
        ("flash", {"variant": "", "price": "99", **FLASH, "per_buyer": "5"}, 422, BadFlash),
        (
            "draw",
            {"prize": "茶点", "winners": "2", "minutes": "1", **DRAW, "phrase": "!"},
            422,
            None,
        ),
        ("notice", {"text": "  ", "do": "announce"}, 422, NothingSaid),
    ],
)
def test_a_trial_refuses_what_the_show_refuses(
    as_bob, scheduled, variant, tool, fields, status, refusal
):
    fields = {**fields, **({"variant": str(variant.pk)} if "variant" in fields else {})}
    begin_rehearsal(room=scheduled)
    before = Rehearsal.objects.get().findings
    answer = as_bob.post(at(scheduled, f"console/{tool}/"), fields, headers=HTMX)
    assert answer.status_code == status
    if refusal:
        assert str(refusal()) in html.unescape(answer.text)
    assert Rehearsal.objects.get().findings == before


def test_of_each_kind_one_is_tried_at_a_time(as_bob, scheduled, coupon):
    begin_rehearsal(room=scheduled)
    give_away(as_bob, scheduled)
    variant = scheduled.items.first().product.variants.get()
    flash = {"variant": str(variant.pk), "price": "99", **FLASH}
    again = as_bob.post(at(scheduled, "console/flash/"), flash, headers=HTMX)
    assert (again.status_code, str(FlashRunning()) in again.text) == (409, True)
    draw = {"prize": "茶点", "winners": "2", "minutes": "1", **DRAW}
    again = as_bob.post(at(scheduled, "console/draw/"), draw, headers=HTMX)
    assert (again.status_code, str(DrawRunning()) in again.text) == (409, True)
    drop = {"coupon": coupon.public_id, "minutes": "9"}
    assert as_bob.post(at(scheduled, "console/drop/"), drop, headers=HTMX).status_code == 200
    assert len(scene_of(scheduled, timezone.now()).panels()["drops"]) == 1  # the newer one


def test_a_line_of_the_crowd_is_pinned_for_the_crew_alone(as_bob, scheduled):
    begin_rehearsal(room=scheduled)
    after(scheduled, 60)
    line = scene_of(scheduled, timezone.now()).said(0)[0]
    chat = at(scheduled, "rehearsal/chat/")
    for message in (line["id"] + 1, 1):
        as_bob.post(chat, {"do": "pin", "message": str(message)})
        assert scene_of(scheduled, timezone.now()).play.pinned == ""
    assert as_bob.post(chat, {"do": "pin", "message": str(line["id"])}).status_code == 204
    assert scene_of(scheduled, timezone.now()).play.pinned == line["text"]
    scheduled.refresh_from_db()
    assert scheduled.pinned == ""
    as_bob.post(chat, {"do": "unpin"})
    assert scene_of(scheduled, timezone.now()).play.pinned == ""


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"do": "say"},
        {"do": "say", "text": "x" * 5000},
        {"do": "sanction"},
        {"do": "hide", "message": "1"},
        {"do": "hide", "message": "9" * 40},
        {"do": "answered", "question": "-1"},
        {"do": "end"},
    ],
)
def test_odd_requests_change_nothing(as_bob, scheduled, odd):
    begin_rehearsal(room=scheduled)
    after(scheduled, 60)
    before = Rehearsal.objects.get().findings
    assert as_bob.post(at(scheduled, "rehearsal/chat/"), odd).status_code == 422
    assert Rehearsal.objects.get().findings == before


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"light": "nan", "loud": "0", "kbps": "1"},
        {"light": "1", "loud": "9", "kbps": "1"},
        {"back": "-3"},
        {"back": "inf"},
    ],
)
def test_measurements_that_cannot_be_are_refused(as_bob, scheduled, odd):
    begin_rehearsal(room=scheduled)
    assert as_bob.post(at(scheduled, "rehearsal/measure/"), odd).status_code == 422


def test_where_there_is_no_rehearsal_nothing_is_played(as_bob, live):
    assert as_bob.get(at(live, "rehearsal/crowd/")).json() == {"events": [], "over": True}
    for rest, fields in (
        ("rehearsal/chat/", {"do": "say", "text": "x"}),
        ("rehearsal/measure/", {"light": "1", "loud": "0", "kbps": "1"}),
    ):
        assert as_bob.post(at(live, rest), fields).status_code == 409
    assert not live.messages.exists()


def test_one_that_was_left_or_banned_is_judged_by_the_sweep(scheduled):
    begin_rehearsal(room=scheduled)
    Room.objects.update(media_at=timezone.now() - LONG_REHEARSAL - timedelta(seconds=5))
    sweep_rooms()
    scheduled.refresh_from_db()
    assert scheduled.state == RoomState.SCHEDULED
    assert Rehearsal.objects.get().score is not None
    begin_rehearsal(room=scheduled)
    ban_room(room=scheduled)
    sweep_rooms()
    assert not Rehearsal.objects.filter(ended_at=None).exists()


def test_what_it_found_is_on_the_room_page_and_leads_to_where_it_is_mended(
    as_bob, scheduled, longjing
):
    begin_rehearsal(room=scheduled)
    end_rehearsal(room=scheduled)
    for page in (as_bob.get(at(scheduled, "shelf/")), as_bob.get(at(scheduled, "console/"))):
        assert 'id="readiness"' in page.text
        assert f"/products/{longjing.public_id}/" in page.text
    answer = as_bob.post(at(scheduled, "console/move/"), {"do": "rehearse"})
    assert answer.status_code == 302
    answer = as_bob.post(at(scheduled, "console/move/"), {"do": "stop"})
    assert answer["Location"].endswith("#readiness")


def test_the_checklist_tells_how_ready(as_alice, shop, scheduled):
    begin_rehearsal(room=scheduled)
    end_rehearsal(room=scheduled)
    page = as_alice.get("/dashboard/tea/").text
    assert f"/rooms/{scheduled.public_id}/shelf/#readiness" in page
