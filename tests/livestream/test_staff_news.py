"""What the staff alone hear, folded in, is what a console that opens now would show."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from livestream import broadcast
from livestream.models import HeldLine, Message, Question, Room
from livestream.rules.moderation import Measure
from livestream.rules.question import QuestionState
from livestream.selectors.chat import waiting
from livestream.selectors.moderation import forget_words
from livestream.services import chat
from livestream.services.crew import hand_over
from livestream.services.draw import claim_prize, close_draw, draw_winners, open_draw
from livestream.services.entry import enter
from livestream.services.line import Voice
from livestream.services.moderation import sanction, set_words
from livestream.services.question import (
    answer_question,
    dismiss_question,
    leave_question,
    take_question,
)
from livestream.services.rehearsal import begin_rehearsal, next_in_rehearsal
from livestream.services.sale import buy_in_room
from orders.models import Order
from orders.payments import sandbox
from orders.services.payment import open_payment
from orders.services.shipment import ship_order
from tests.conftest import DAN, person
from tests.livestream.test_snapshot import Listener, State, documented, guest, now_of


def held(state: State, event: State) -> None:
    state["held"][str(event["id"])] = [event["name"], event["text"], event["word"]]


def judged(state: State, event: State) -> None:
    del state["held"][str(event["id"])]


def asked(state: State, event: State) -> None:
    """The inbox shows what is open, and who has it in hand."""
    state["asked"].pop(str(event["id"]), None)
    if event["state"] == QuestionState.OPEN:
        told = [event["item"], event["text"], event["asked"], event["by"], event["until"]]
        state["asked"][str(event["id"])] = told


def ordered(state: State, event: State) -> None:
    state["orders"][event["number"]] = [event["state"], event["total"], event["name"]]


def claimed(state: State, event: State) -> None:
    state["claimed"][event["id"]] = state["claimed"].get(event["id"], 0) + 1


FOLD: dict[str, Callable[[State, State], None]] = {
    "chat.said": lambda state, event: state["shadowed"].append([event["id"], event["text"]]),
    "chat.held": held,
    "chat.judged": judged,
    "question.changed": asked,
    "crew.changed": lambda state, event: state.update(crew=[event["host"], event["backup"]]),
    "prize.claimed": claimed,
    **dict.fromkeys(("order.placed", "order.paid", "order.moved"), ordered),
}
# A word in passing; and a call to look again, after which the page fetches what there is.
NOT_STATE = {"guest.sanctioned", "rehearsal.changed"}


def test_each_event_to_staff_is_folded_or_is_no_state():
    told = {name for name in documented("To staff") if "." in name}
    assert FOLD.keys() | NOT_STATE == told
    assert not FOLD.keys() & NOT_STATE


class Console(Listener):
    """A console that arrived once and has only heard since what the staff are told."""

    fold = FOLD
    staff = True

    def fresh(self) -> State:
        room = now_of(self.room)
        orders = Order.objects.filter(sale__room=room)
        lines = Message.objects.filter(room=room, shadowed=True).order_by("pk")
        prizes: dict[str, int] = {}
        for draw in room.draws.all():
            if count := draw.entries.exclude(claimed_at=None).count():
                prizes[draw.public_id] = count
        found = {
            "held": {one.pk: [one.author_name, one.text, one.word] for one in waiting(room.pk)},
            "asked": {
                one.pk: [one.item_id, one.text, one.asked, one.taken_by_id, one.taken_until]
                for one in room.questions.filter(state=QuestionState.OPEN)
            },
            "crew": [room.host_id, room.backup_id],
            "orders": {one.number: [one.state, one.total, one.name] for one in orders},
            "claimed": prizes,
            "shadowed": [[one.pk, one.text] for one in lines],
        }
        told: State = json.loads(broadcast.encode(found))
        return told


@pytest.fixture
def console(live, django_capture_on_commit_callbacks, monkeypatch) -> Console:
    return Console(live, django_capture_on_commit_callbacks, monkeypatch)


def the_talk(console: Console, live: Room, host: Any) -> None:
    mei, spammer = (Voice(name, device=uuid.uuid4()) for name in ("Mei", "8841"))
    set_words(merchant=live.merchant, words=["vx888"])
    forget_words()
    for text in ("加 vx888", "vx888 有货"):
        console.after(chat.say, room=live, voice=spammer, text=text)
    first, second = HeldLine.objects.order_by("pk")
    console.after(chat.dismiss, held=first, by=host)
    console.after(chat.approve, held=second, by=host)
    line = Message.objects.latest("pk")
    console.after(sanction, line=line, measure=Measure.SHADOW, by=host)
    console.after(chat.say, room=live, voice=spammer, text="都来买")
    for text in ("哪天采的？", "有礼盒吗？", "能开发票吗？"):
        console.after(chat.say, room=live, voice=mei, text=text)
    console.after(chat.say, room=live, voice=Voice("老周", device=uuid.uuid4()), text="哪天采的")
    when, box, invoice = Question.objects.order_by("pk").select_related("room")
    assert when.asked == 2
    console.after(take_question, question=when, by=host)
    console.after(leave_question, question=when, by=host)
    console.after(take_question, question=when, by=host)
    console.after(answer_question, question=when, by=host)
    console.after(dismiss_question, question=box, by=host)
    asking = invoice.lines.get()
    console.after(chat.hide, message=asking)  # whose every line is gone waits for nobody


def the_orders(console: Console, live: Room) -> Order:
    variant = live.items.order_by("position")[0].product.variants.get()
    basket = {"basket": {variant.pk: 1}, "voucher": None, "expected_total": variant.price}
    buyer = {"customer": guest(live), "device": uuid.uuid4(), "contact": DAN, "language": "en"}
    order: Order = console.after(buy_in_room, room=live, **basket, **buyer)
    charge = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    console.after(sandbox.receive, message=charge)
    return order


def the_prize(console: Console, live: Room, host: Any) -> None:
    terms = {"prize": "茶点", "winners": 1, "minutes": 5, "entry_by": "follow"}
    draw = console.after(open_draw, room=live, by=host, **terms)
    mei = guest(live)
    console.after(enter, draw=draw, customer=mei, name="沈梅")
    console.after(close_draw, draw=draw)
    draw.refresh_from_db()
    console.after(draw_winners, draw=draw)
    address = {"name": "沈梅", "phone": "+8613800138000", "address": "清河坊 12 号"}
    console.after(claim_prize, draw=draw, customer=mei, **address)


def test_what_the_staff_heard_is_what_a_colleague_who_comes_now_is_shown(console, live, host, shop):
    ning = person("ning@example.com", "Ning")
    colleague = shop.staff.create(user=ning, role=1, host_name="小宁")
    the_talk(console, live, host)
    order = the_orders(console, live)
    the_prize(console, live, host)
    console.after(hand_over, room=now_of(live), to=colleague)
    order.refresh_from_db()
    parcel = {"carrier": "sf", "tracking_number": "SF1234567890"}
    console.after(ship_order, order=order, **parcel, by=host.user)
    assert FOLD.keys() == console.folded - NOT_STATE
    assert "guest.sanctioned" in console.folded


def test_what_a_shadow_banned_guest_says_is_told_to_nobody_else(
    live, host, django_capture_on_commit_callbacks, monkeypatch
):
    guests = Listener(live, django_capture_on_commit_callbacks, monkeypatch)
    spammer = Voice("8841", device=uuid.uuid4())
    line = guests.after(chat.say, room=live, voice=spammer, text="有货")
    assert guests.folded == {"chat.said"}
    guests.folded.clear()
    guests.after(sanction, line=line, measure=Measure.SHADOW, by=host)
    guests.after(chat.say, room=live, voice=spammer, text="都来买")
    assert guests.folded == set()


def test_of_a_rehearsal_they_hear_that_there_is_something_to_look_at(
    scheduled, django_capture_on_commit_callbacks, monkeypatch
):
    console = Console(scheduled, django_capture_on_commit_callbacks, monkeypatch)
    console.after(begin_rehearsal, room=scheduled)
    console.after(next_in_rehearsal, room=scheduled, seen=None)
    assert console.folded == {"rehearsal.changed"}


def test_a_console_that_missed_one_would_be_found_out(console, live):
    with console.commits(execute=True):
        chat.say(room=live, voice=Voice("Mei", device=uuid.uuid4()), text="包邮吗？")
    console.heard.clear()  # lost on the way
    with pytest.raises(AssertionError):
        console.after(chat.pin, room=live, text="a")
